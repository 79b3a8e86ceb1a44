import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendKeysOf, inboxKeysOf } from './redis-keys.ts';
import * as scripts from './redis-scripts.ts';

/** How many each takes; of those that take as many as they are given, how many for one. */
const KEYS: Record<keyof typeof scripts, number> = {
  inboxAppend: appendKeysOf('ann').length,
  inboxRead: inboxKeysOf('ann').length,
  registryHold: 2,
  registryRelease: 2,
  seqTake: 1,
};

for (const [name, { lua }] of Object.entries(scripts)) {
  const numberOfKeys = KEYS[name as keyof typeof scripts];
  test(`the header of ${name} names every key, every argument and the result`, () => {
    const lines = lua.split('\n');
    const end = lines.findIndex((line) => !line.startsWith('--'));
    const header = lines.slice(0, end).join('\n');
    const body = lines.slice(end).join('\n');
    for (const table of ['KEYS', 'ARGV']) {
      const used = numbers(body, new RegExp(`\\b${table}\\[(\\d)\\]`, 'g'));
      const named = numbers(header, new RegExp(`^-- ${table}\\[(\\d)…?\\] +\\S`, 'gm'));
      for (const number of used) assert.ok(named.includes(number), `${table}[${number}]`);
      assert.deepEqual(
        named,
        named.map((_, i) => i + 1),
      );
      if (table === 'KEYS') assert.equal(named.length, numberOfKeys);
    }
    assert.match(header, /^-- Returns +\S/m);
  });
}

function numbers(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => Number(match[1]));
}
