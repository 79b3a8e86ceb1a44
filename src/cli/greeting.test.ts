import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '../config/config.ts';
import { greeting } from './greeting.ts';
import { CHAT_URL } from './help.ts';

const config = parseConfig('standalone', { AUTH_DEV_TOKENS: 'true' });

test('from a checkout the terminal client is called by a script that there is', () => {
  const [, script = ''] = /npm run (\S+) -- chat alice$/m.exec(greeting(config, CHAT_URL)) ?? [];
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.equal(scripts[script], 'node src/main.ts');
});

test('a server at another address is named to the terminal client', () => {
  assert.match(
    greeting(config, 'http://127.0.0.1:9000'),
    / -- chat alice --url http:\/\/127\.0\.0\.1:9000$/m,
  );
});
