import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ConsumerRunConfig, EachBatchPayload, Kafka } from 'kafkajs';
import type { BatchHandler, Consumer } from '../../ports/event-log.ts';
import type { Topic } from '../../ports/log-events.ts';
import { startConsumer } from './kafka-consumer.ts';

const PARTITION = 3;
/** Beyond the first rest of a partition. */
const RESTED_MS = 1000;

/** A client whose consumer hands out what the test says, and has crashed: it has no group until it starts again. */
function crashedConsumer() {
  let run: ConsumerRunConfig;
  const noGroup = () => {
    throw new Error('Consumer group was not initialized, consumer#run must be called first');
  };
  const consumer = {
    events: { GROUP_JOIN: 'join', HEARTBEAT: 'heartbeat', CRASH: 'crash' },
    on: (event: string, listener: () => void) => void (event === 'join' && listener()),
    async connect() {},
    async subscribe() {},
    async run(config: ConsumerRunConfig) {
      run = config;
    },
    pause: noGroup,
    resume: noGroup,
    async stop() {},
    async disconnect() {},
  };
  return {
    kafka: { consumer: () => consumer } as unknown as Kafka,
    handOut: (payload: EachBatchPayload) => run.eachBatch!(payload),
  };
}

/** A batch that was read in a group which is no more, with what is paused there. */
function batchOf(paused: Set<number>): EachBatchPayload {
  const message = { offset: '0', key: Buffer.from('k'), value: Buffer.from('{}') };
  return {
    batch: { topic: 'topic', partition: PARTITION, messages: [message] },
    isRunning: () => true,
    isStale: () => false,
    heartbeat: async () => {},
    resolveOffset() {},
    uncommittedOffsets: () => ({}),
    commitOffsetsIfNecessary: async () => {},
    pause() {
      paused.add(PARTITION);
      return () => paused.delete(PARTITION);
    },
  } as unknown as EachBatchPayload;
}

function startConsumerOf(kafka: Kafka, handler: BatchHandler<Topic>): Promise<Consumer> {
  const names = { topic: 'topic', group: 'group' };
  return startConsumer({ kafka, names, partitions: 8, batchMax: 10, handler });
}

function holdTime(t: TestContext): (ms: number) => void {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return (ms) => t.mock.timers.tick(ms);
}

test('a partition rests and goes on in the group in which it was read, also where the consumer crashed since', async (t) => {
  const pass = holdTime(t);
  const crashed = crashedConsumer();
  const consumer = await startConsumerOf(crashed.kafka, async () => {
    throw new Error('the store is away');
  });
  const paused = new Set<number>();
  await crashed.handOut(batchOf(paused));
  assert.deepEqual([...paused], [PARTITION]);
  pass(RESTED_MS);
  assert.deepEqual([...paused], []);
  await consumer.stop();
});

test('the member goes on heartbeating while a handler works, and no longer', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { promise: work, resolve: end } = Promise.withResolvers<void>();
  const crashed = crashedConsumer();
  const consumer = await startConsumerOf(crashed.kafka, () => work);
  let beats = 0;
  const heartbeat = async () => void beats++;
  const done = crashed.handOut({ ...batchOf(new Set()), heartbeat });
  t.mock.timers.tick(3500);
  assert.equal(beats, 3);
  end();
  await done;
  const after = beats;
  t.mock.timers.tick(10_000);
  assert.equal(beats, after);
  await consumer.stop();
});

test('of the batches that are done none but the newest stays in memory', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const crashed = crashedConsumer();
  const consumer = await startConsumerOf(crashed.kafka, async () => {});
  const batches: WeakRef<object>[] = [];
  const handOut = () => {
    const payload = batchOf(new Set());
    batches.push(new WeakRef(payload.batch));
    return crashed.handOut(payload);
  };
  for (let i = 0; i < 3; i++) await handOut();
  await nextTurn();
  collectGarbage();
  assert.deepEqual(
    batches.map((batch) => batch.deref() !== undefined),
    [false, false, true],
  );
  await consumer.stop();
});

test('before the group is joined anew, what is done is committed', async () => {
  const crashed = crashedConsumer();
  const consumer = await startConsumerOf(crashed.kafka, async () => {});
  const payload = batchOf(new Set());
  const committed: unknown[] = [];
  let resolved = '';
  Object.assign(payload, {
    resolveOffset(offset: string) {
      resolved = offset;
    },
    uncommittedOffsets: () => resolved,
    commitOffsetsIfNecessary: async (offsets: unknown) => void committed.push(offsets),
    heartbeat: async () => {
      throw Object.assign(new Error('the group rebalances'), { type: 'REBALANCE_IN_PROGRESS' });
    },
  });
  await assert.rejects(crashed.handOut(payload), /the group rebalances/);
  assert.deepEqual(committed, ['0']);
  await consumer.stop();
});
