import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foundInChunks, KEYS_MAX, valuesTable } from './mysql-rows.ts';

test('what is found for any number of keys is found with as many statements as it takes', async () => {
  const keys = Array.from({ length: KEYS_MAX + 1 }, (_, i) => i);
  const sizes: number[] = [];
  const found = await foundInChunks(keys, async (chunk) => {
    sizes.push(chunk.length);
    return chunk.map(String);
  });
  assert.deepEqual(found, keys.map(String));
  assert.deepEqual(sizes, [KEYS_MAX, 1]);
  assert.deepEqual(await foundInChunks([], () => assert.fail('a statement without keys')), []);
});

test('a table of values has a placeholder per row', () => {
  assert.equal(valuesTable('v', 'a, b', 2), '(VALUES ROW(?),ROW(?)) AS v (a, b)');
});
