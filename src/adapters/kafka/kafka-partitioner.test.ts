import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { createKeyPartitioner } from './kafka-partitioner.ts';

function partitions(count: number): PartitionMetadata[] {
  return Array.from({ length: count }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [0],
    isr: [0],
  }));
}

test("every key goes to the partition that kafkajs's own partitioner chooses", () => {
  const [ours, theirs] = [createKeyPartitioner(), Partitioners.DefaultPartitioner()];
  for (const count of [1, 7, 16]) {
    const partitionMetadata = partitions(count);
    for (let i = 0; i < 300; i++) {
      for (const key of [`p2p:ada-${i}:bob`, `group_${'x'.repeat(i % 5)}${i}`, `ключ ${i}`]) {
        const args = { topic: 't', partitionMetadata, message: { key, value: '' } };
        assert.equal(ours(args), theirs(args), key);
      }
    }
  }
});
