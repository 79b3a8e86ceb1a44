import assert from 'node:assert/strict';
import { test } from 'node:test';
import { murmur2, partitionOf } from './murmur2.ts';

test('hashes are those of the Java client', () => {
  const known: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ];
  for (const [key, hash] of known) assert.equal(murmur2(key), hash);
});

test('a partition is one of those there are, also where the hash is negative', () => {
  assert.equal(partitionOf('21', 16), (-973932308 & 0x7fffffff) % 16);
  for (let i = 0; i < 1000; i++) {
    const partition = partitionOf(`key ${i}`, 7);
    assert.ok(partition >= 0 && partition < 7);
  }
});
