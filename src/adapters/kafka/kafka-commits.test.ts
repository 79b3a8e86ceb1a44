import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { OffsetsByTopicPartition } from 'kafkajs';
import { until } from '../../../tests/contract/wait.ts';
import { createCommits } from './kafka-commits.ts';

const INTERVAL_MS = 50;
const HOUR_MS = 3_600_000;

/** A member whose partitions have as many events done as the test says. */
function memberUnderTest(intervalMs = INTERVAL_MS) {
  const resolved = new Map<number, number>();
  const requests: string[] = [];
  let fault: Error | undefined;
  let refusals = 0;
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
      if (fault) {
        refusals++;
        throw fault;
      }
      requests.push(what!.topics[0]!.partitions.map((p) => `${p.partition}:${p.offset}`).join(' '));
      await held;
    },
  };
  const commits = createCommits(intervalMs);
  const finish = (partition: number, offset: number) => void resolved.set(partition, offset);
  return {
    requests,
    refused: () => refusals,
    close: commits.close,
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

test('what nobody waits for and could not be committed is tried again', async () => {
  const { doneSoon, fail, refused, requests } = memberUnderTest();
  fail(new Error('the broker is away'));
  doneSoon(0, 5);
  await until('it was tried twice', () => refused() === 2);
  fail(undefined);
  await until('it is committed', () => requests.length > 0);
  assert.deepEqual(requests, ['0:5']);
});

test('of a membership that is over nothing is tried again', async () => {
  const { doneSoon, fail, refused, requests } = memberUnderTest();
  fail(Object.assign(new Error('another generation'), { type: 'ILLEGAL_GENERATION' }));
  doneSoon(0, 5);
  await pause(5 * INTERVAL_MS);
  assert.equal(refused(), 1);
  assert.deepEqual(requests, []);
});

test('what nobody waits for is committed together, an interval after the first of it', async () => {
  const { doneSoon, requests } = memberUnderTest();
  const from = performance.now();
  doneSoon(0, 5);
  await nextTurn();
  doneSoon(0, 6);
  doneSoon(1, 7);
  await until('it is committed', () => requests.length > 0);
  assert.ok(performance.now() - from >= INTERVAL_MS - 1);
  doneSoon(1, 8);
  await until('the rest is, too', () => requests.length > 1);
  assert.ok(performance.now() - from >= 2 * (INTERVAL_MS - 1));
  assert.deepEqual(requests, ['0:6 1:7', '0:6 1:8']);
});

test('who waits takes along what would have had time, and it is not committed twice', async () => {
  const { done, doneSoon, requests } = memberUnderTest();
  doneSoon(0, 5);
  await done(1, 7);
  await pause(2 * INTERVAL_MS);
  assert.deepEqual(requests, ['0:5 1:7']);
});

test('it is closed when what was done is committed, for which no interval is waited', async () => {
  const { done, doneSoon, hold, requests, close } = memberUnderTest(HOUR_MS);
  const answer = hold();
  const first = done(0, 5);
  await nextTurn();
  doneSoon(0, 6);
  setTimeout(answer, 10);
  await close();
  await first;
  assert.deepEqual(requests, ['0:5', '0:6']);
});

test('once it is closed nothing is tried again', async () => {
  const { close, doneSoon, fail, refused } = memberUnderTest();
  fail(new Error('the broker is away'));
  doneSoon(0, 5);
  await close();
  await pause(3 * INTERVAL_MS);
  assert.equal(refused(), 1);
});
