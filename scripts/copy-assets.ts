import { cpSync } from 'node:fs';

/** Brings along what the compiler leaves out: the scripts that run in Redis. */
const LUA = 'adapters/redis/lua/';
cpSync(new URL(`../src/${LUA}`, import.meta.url), new URL(`../dist/${LUA}`, import.meta.url), {
  recursive: true,
});
