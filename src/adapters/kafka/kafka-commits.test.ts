import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OffsetsByTopicPartition } from 'kafkajs';
import { createCommits } from './kafka-commits.ts';

/** A member whose partitions have as many events done as the test says. */
function memberUnderTest() {
  const resolved = new Map<number, number>();
  const requests: string[] = [];
  let fault: Error | undefined;
  let held: Promise<void> = Promise.resolve();
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
      await held;
    },
  };
  const commits = createCommits();
  const finish = (partition: number, offset: number) => void resolved.set(partition, offset);
  return {
    requests,
    settled: commits.settled,
    fail: (error: Error | undefined) => {
      fault = error;
    },
    /** Requests take until what this gives is called. */
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
    done(partition: number, offset: number): Promise<void> {
      finish(partition, offset);
      return commits.now(offsets);
    },
    doneSoon(partition: number, offset: number): void {
      finish(partition, offset);
      commits.soon(offsets);
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

test('what is done while a request is under way shares the next one', async () => {
  const { done, hold, requests } = memberUnderTest();
  const answer = hold();
  const first = done(0, 5);
  await nextTurn();
  const later = [done(0, 6), done(1, 7)];
  await nextTurn();
  assert.deepEqual(requests, ['0:5']);
  answer();
  await Promise.all([first, ...later]);
  assert.deepEqual(requests, ['0:5', '0:6 1:7']);
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

test('the failure of a request that nobody waited for is told once, and what it named is named again', async () => {
  const { doneSoon, fail, requests, settled } = memberUnderTest();
  fail(new Error('rebalance'));
  doneSoon(0, 5);
  await settled();
  fail(undefined);
  assert.throws(() => doneSoon(1, 7), /rebalance/);
  await settled();
  doneSoon(2, 9);
  await settled();
  assert.deepEqual(requests, ['0:5 1:7', '0:5 1:7 2:9']);
});

test('it is settled when what was done is committed', async () => {
  const { doneSoon, hold, requests, settled } = memberUnderTest();
  const answer = hold();
  doneSoon(0, 5);
  await nextTurn();
  doneSoon(0, 6);
  setTimeout(answer, 10);
  await settled();
  assert.deepEqual(requests, ['0:5', '0:6']);
});
