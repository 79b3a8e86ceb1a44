import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Command } from 'ioredis';
import { letGoOfCommands } from './redis-command.ts';

letGoOfCommands();

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void;

/** Some 20 KB. */
function bulky(): string[] {
  return Array.from({ length: 300 }, (_, i) => `value ${i} `.padEnd(60, 'x'));
}

/** What young objects are left, as a collection of those alone finds them. */
function heapBytes(): number {
  collect({ type: 'minor' });
  return process.memoryUsage().heapUsed;
}

describe('a command', () => {
  test('that is done is let go of by the next collection of young objects, with what it carried', async () => {
    const run = async () => {
      const command = new Command('rpush', ['key', ...bulky()]);
      command.resolve(bulky() as never);
      await command.promise;
    };
    await run();
    collect({ type: 'major' });
    const before = heapBytes();
    for (let i = 0; i < 100; i++) await run();
    const kept = (heapBytes() - before) / 100;
    assert.ok(kept < 5000, `${Math.round(kept)} bytes a command`);
  });

  test('resolves with its reply, as text', async () => {
    const command = new Command('get', ['key'], { replyEncoding: 'utf8' });
    command.resolve(Buffer.from('grüezi') as never);
    assert.equal(await command.promise, 'grüezi');
    assert.equal(command.isResolved, true);
  });

  test('rejects with the error of the server', async () => {
    const command = new Command('get', ['key']);
    command.reject(new Error('ERR no'));
    await assert.rejects(command.promise, /ERR no/);
  });

  test('calls back, where it is given a function', async () => {
    const outcome = (how: (command: Command) => void) =>
      new Promise((resolve) => {
        const command = new Command('get', ['key'], { replyEncoding: 'utf8' }, (error, value) =>
          resolve(error ? String(error) : value),
        );
        how(command);
      });
    assert.equal(await outcome((command) => command.resolve(Buffer.from('yes') as never)), 'yes');
    assert.equal(await outcome((command) => command.reject(new Error('no'))), 'Error: no');
  });

  test('turns its arguments into what is sent', () => {
    assert.match(
      String(new Command('hset', ['key', { field: 1 } as never]).toWritable(undefined as never)),
      /^\*4\r\n[\s\S]*field\r\n\$1\r\n1\r\n$/,
    );
  });
});
