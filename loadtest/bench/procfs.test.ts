import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { test } from 'node:test';
import { listenerOf } from './procfs.ts';

/** Listens, and closes and opens files all the time whose descriptors come before the listening one. */
const BUSY_LISTENER = `
  const fs = require('node:fs');
  const open = () => Array.from({ length: 50 }, () => fs.openSync('/dev/null'));
  let files = open();
  const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
    console.log(server.address().port);
    setImmediate(function turn() {
      for (const file of files) fs.closeSync(file);
      files = open();
      setImmediate(turn);
    });
  });`;

const skip = platform() === 'linux' ? false : 'Only Linux has /proc.';

test('a listener is found while it opens and closes files', { skip }, async () => {
  const child = spawn(process.execPath, ['-e', BUSY_LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = await once(child.stdout, 'data');
    for (let look = 0; look < 200; look++) assert.equal(listenerOf(Number(port)), child.pid);
  } finally {
    child.kill();
  }
});
