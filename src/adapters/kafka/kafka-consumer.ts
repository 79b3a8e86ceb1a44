import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { BatchHandler, Consumer, LogRecord } from '../../ports/event-log.ts';
import type { Topic } from '../../ports/log-events.ts';
import { type Commits, createCommits } from './kafka-commits.ts';
import { isRebalance, type Membership, watchMembership } from './kafka-membership.ts';
import type { TopicNames } from './kafka-topics.ts';

export interface ConsumerOptions<T extends Topic> {
  kafka: Kafka;
  names: TopicNames;
  partitions: number;
  /** Events that a handler is given at once. */
  batchMax: number;
  handler: BatchHandler<T>;
}

/** A member that is silent for this long loses its partitions. */
const SESSION_TIMEOUT_MS = 10_000;
/** How long members have to join a rebalance; a handler that works longer loses its place. */
const REBALANCE_TIMEOUT_MS = 15_000;
const HEARTBEAT_MS = 1000;
/** As much of what was done may be handed out again after a death; a commit holds up the fetch behind it, for some 6 ms. */
const COMMIT_INTERVAL_MS = 250;
/** After a failure a partition rests this long; after each further one twice as long, up to the maximum. */
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5000;

/**
 * One member of a topic's consumer group. Offsets are committed by hand, and only of what a handler is done with, beside
 * the work on what comes next: who gets the partition after a death gets some again that was done. A partition whose
 * handler failed is paused, so that the member goes on heartbeating and the other partitions go on.
 */
export async function startConsumer<T extends Topic>(options: ConsumerOptions<T>): Promise<Consumer> {
  const { kafka, names, partitions } = options;
  const consumer = kafka.consumer({
    groupId: names.group,
    sessionTimeout: SESSION_TIMEOUT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: 1000,
    retry: {
      retries: Number.MAX_SAFE_INTEGER,
      initialRetryTime: 100,
      maxRetryTime: 2000,
      restartOnFailure: async () => true,
    },
  });
  let stopped = false;
  const member: Member = {
    membership: watchMembership(consumer, SESSION_TIMEOUT_MS),
    commits: createCommits(COMMIT_INTERVAL_MS),
    leaves: () => stopped,
  };
  const failures = new Map<number, number>();
  const timers = new Set<NodeJS.Timeout>();
  await consumer.connect();
  await consumer.subscribe({ topic: names.topic, fromBeginning: true });
  const run = () =>
    consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitions,
      eachBatch: (payload) => eachBatch(options, member, payload, failures, timers),
    });
  // kafkajs gives up where an error looks permanent to it, such as a right that was taken away. It may be given back.
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    if (!payload.restart && !stopped) later(timers, PAUSE_MAX_MS, run);
  });
  await run();
  return {
    async stop() {
      stopped = true;
      await member.commits.close();
      await consumer.stop();
      for (const timer of timers) clearTimeout(timer);
      await consumer.disconnect();
    },
  };
}

interface Member {
  membership: Membership;
  commits: Commits;
  /** Whether it is about to leave the group, and what is done must be committed before. */
  leaves: () => boolean;
}

async function eachBatch<T extends Topic>(
  options: ConsumerOptions<T>,
  { membership, commits, leaves }: Member,
  payload: EachBatchPayload,
  failures: Map<number, number>,
  timers: Set<NodeJS.Timeout>,
): Promise<void> {
  const { batch, isRunning, isStale, resolveOffset } = payload;
  const { partition, messages } = batch;
  const isMember = membership.now();
  const assigned = () => !isStale() && isMember();
  const owned = () => isRunning() && assigned();
  try {
    for (let from = 0; from < messages.length && owned(); from += options.batchMax) {
      const chunk = messages.slice(from, from + options.batchMax);
      const records = chunk.map(toRecord<T>);
      await heartbeating(payload, options.handler({ partition, records, owned }));
      if (!assigned()) return;
      resolveOffset(chunk.at(-1)!.offset);
      if (leaves()) await commits.now(payload);
      else commits.soon(payload);
      failures.delete(partition);
      // Where the group rebalances this throws, and the member joins before it takes the next chunk.
      await payload.heartbeat();
    }
  } catch (error) {
    if (isRebalance(error)) {
      await commits.now(payload).catch(() => {});
      throw error;
    }
    const count = (failures.get(partition) ?? 0) + 1;
    failures.set(partition, count);
    rest(payload, Math.min(PAUSE_MIN_MS * 2 ** (count - 1), PAUSE_MAX_MS), timers);
  }
}

/** Keeps the membership alive while a handler works. The timer must not outlive that: it keeps the whole batch in memory. */
async function heartbeating(payload: EachBatchPayload, work: Promise<void>): Promise<void> {
  // A beat that fails shows in the membership, or at the beat that follows the handler.
  const beats = setInterval(() => payload.heartbeat().catch(() => {}), HEARTBEAT_MS);
  try {
    await work;
  } finally {
    clearInterval(beats);
  }
}

/**
 * The partition's next fetch begins where the last resolved offset was, once it is resumed. It is paused in the group in
 * which the batch was read: after a crash of kafkajs the consumer has none for a while, and would throw.
 */
function rest({ pause }: Pick<EachBatchPayload, 'pause'>, ms: number, timers: Set<NodeJS.Timeout>): void {
  later(timers, ms, pause());
}

function later(timers: Set<NodeJS.Timeout>, ms: number, work: () => void): void {
  const timer = setTimeout(() => {
    timers.delete(timer);
    work();
  }, ms);
  timers.add(timer);
}

function toRecord<T extends Topic>(message: KafkaMessage): LogRecord<T> {
  const raw = message.value?.toString() ?? '';
  let event: LogRecord<T>['event'];
  try {
    event = JSON.parse(raw);
  } catch {
    // Not JSON: the handler buries it.
  }
  const record: LogRecord<T> = {
    offset: Number(message.offset),
    key: message.key?.toString() ?? '',
    event,
    raw,
  };
  const trace = message.headers?.traceparent;
  if (trace !== undefined) record.trace = String(trace);
  return record;
}
