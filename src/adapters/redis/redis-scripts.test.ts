import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendKeysOf } from './redis-keys.ts';
import { REDIS_SCRIPTS } from './redis-scripts.ts';

/** Of those that take as many as they are told: the keys of one. */
const KEYS_OF_ONE: Record<string, number> = { inboxAppend: appendKeysOf('ann').length, seqTake: 1 };

for (const [name, { lua, ...keys }] of Object.entries(REDIS_SCRIPTS)) {
  const numberOfKeys = 'numberOfKeys' in keys ? keys.numberOfKeys : KEYS_OF_ONE[name];
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
