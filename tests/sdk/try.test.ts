import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { freshUser } from '../harness/names.ts';
import { useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const target = await useTarget();

/** `seqline try`, and how it ended. */
async function tryWith(args: string[], secret = target.secret) {
  const env = { PATH: process.env.PATH, AUTH_JWT_SECRET: secret };
  return new Promise<{ code: unknown; output: string }>((resolve) => {
    execFile(process.execPath, [MAIN, 'try', ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr });
    });
  });
}

test('a message goes through, between new users and between given ones', async () => {
  const url = target.nextUrl();
  const fresh = await tryWith(['--url', url]);
  assert.deepEqual([fresh.code, /^A message went through .* in \d+ ms\.$/m.test(fresh.output)], [0, true]);
  const tokens = ['ann', 'bob'].flatMap((name) => ['--token', tokenOf(target.secret, freshUser(name))]);
  const given = await tryWith(['--url', url, ...tokens], 'not the secret of the server');
  assert.deepEqual([given.code, given.output.includes('went through')], [0, true]);
});

test('where the server does not take the tokens it says so, and ends with 1', async () => {
  const { code, output } = await tryWith(['--url', target.nextUrl()], 'not the secret of the server');
  assert.equal(code, 1);
  assert.match(output, /^seqline: /m);
});

test('one token alone is a wrong call', async () => {
  const { code, output } = await tryWith(['--token', 'x']);
  assert.equal(code, 2);
  assert.match(output, /Usage: seqline try/);
});
