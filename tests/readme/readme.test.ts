import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startOwnServer } from '../harness/own-server.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const README_URL = 'http://127.0.0.1:8080';

test('the example of the README runs as it stands there', async () => {
  const readme = await readFile(path.join(ROOT, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1];
  assert(example, 'the README has an example');
  assert(example.includes(README_URL), 'it names the address of npm start');
  const server = await startOwnServer({});
  try {
    const code = example.replace(README_URL, server.url);
    const args = ['--conditions=seqline-source', '--input-type=module-typescript', '--eval', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    assert.equal(stdout, 'alice: Hello, Bob! (#1)\n');
  } finally {
    await server.stop();
  }
});
