import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from 'fastify';
import { isLoopbackHost } from './dev-token-route.ts';
import { checkOrigin } from './origin.ts';

function allowed(origin: string | undefined, host: string, list: string[] = []): boolean {
  try {
    checkOrigin({ headers: { origin }, host } as FastifyRequest, list);
    return true;
  } catch {
    return false;
  }
}

test("an origin is the server's own, or listed, or absent", () => {
  const cases: [string | undefined, string, boolean][] = [
    [undefined, 'chat.example', true],
    ['https://chat.example', 'chat.example', true],
    ['https://chat.example', 'chat.example:443', true],
    ['http://chat.example', 'chat.example:80', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['http://127.0.0.1:8080', '127.0.0.1:9090', false],
    ['https://chat.example', 'chat.example:8443', false],
    ['https://evil.example', 'chat.example', false],
    ['https://chat.example.evil.example', 'chat.example', false],
    ['null', 'chat.example', false],
    ['nonsense', 'chat.example', false],
    ['https://app.example', 'chat.example', true],
    ['https://app.example:444', 'chat.example', false],
  ];
  for (const [origin, host, wanted] of cases) {
    assert.equal(allowed(origin, host, ['https://app.example']), wanted, `${origin} at ${host}`);
  }
});

test('only names of this machine are its own', () => {
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:1', '[::1]:8080'])
    assert.ok(isLoopbackHost(host), host);
  for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1']) {
    assert.equal(isLoopbackHost(host), false, host);
  }
});
