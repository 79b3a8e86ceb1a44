import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksOf } from './chunks.ts';

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
