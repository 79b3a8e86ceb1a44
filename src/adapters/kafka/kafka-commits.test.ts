import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OffsetsByTopicPartition } from 'kafkajs';
import { createCommits } from './kafka-commits.ts';

/** A member whose partitions have as many events done as the test says. */
function memberUnderTest() {
  const resolved = new Map<number, number>();
  const requests: string[] = [];
  let fault: Error | undefined;
  const offsets = {
    uncommittedOffsets: (): OffsetsByTopicPartition => ({
      topics: [
        {
          topic: 't',
          partitions: [...resolved].map(([partition, offset]) => ({ partition, offset: String(offset) })),
        },
      ],
    }),
    async commitOffsetsIfNecessary(what?: OffsetsByTopicPartition) {
      if (fault) throw fault;
      requests.push(what!.topics[0]!.partitions.map((p) => `${p.partition}:${p.offset}`).join(' '));
    },
  };
  const commit = createCommits();
  return {
    requests,
    fail: (error: Error) => {
      fault = error;
    },
    done(partition: number, offset: number): Promise<void> {
      resolved.set(partition, offset);
      return commit(offsets);
    },
  };
}

test('partitions that are done in the same turn share one request that names all of them', async () => {
  const { done, requests } = memberUnderTest();
  await Promise.all([done(0, 5), done(1, 7), Promise.resolve().then(() => done(2, 9))]);
  assert.deepEqual(requests, ['0:5 1:7 2:9']);
});

test('what is done later is committed by another request', async () => {
  const { done, requests } = memberUnderTest();
  await done(0, 5);
  await done(0, 6);
  assert.deepEqual(requests, ['0:5', '0:6']);
});

test('all whose request failed hear of it, and the next one is sent anew', async () => {
  const { done, fail } = memberUnderTest();
  fail(new Error('rebalance'));
  const outcomes = await Promise.allSettled([done(0, 5), done(1, 7)]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.message),
    ['rebalance', 'rebalance'],
  );
  fail(new Error('still'));
  await assert.rejects(done(0, 6), /still/);
});
