import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksOf } from '../chunks.ts';
import { foundInChunks, KEYS_MAX, valuesTable } from './mysql-rows.ts';

test('chunks keep the order and hold as many as they may', () => {
  assert.deepEqual([...chunksOf([1, 2, 3, 4, 5], 2)], [[1, 2], [3, 4], [5]]);
  assert.deepEqual([...chunksOf([1, 2], 2)], [[1, 2]]);
  assert.deepEqual([...chunksOf([], 2)], []);
});

test('chunks are bounded by their characters too, and one that is too long is alone', () => {
  const texts = ['aa', 'b', 'cccccc', 'd', 'ee'];
  const chunks = chunksOf(texts, 10, 3, (text) => text.length);
  assert.deepEqual([...chunks], [['aa', 'b'], ['cccccc'], ['d', 'ee']]);
});

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
