import { StoreUnavailable } from '../../ports/errors.ts';
import type { BatchHandler, Consumer, EventLog, LogRecord } from '../../ports/event-log.ts';
import type { Topic } from '../../ports/log-events.ts';
import { createAppendQueue } from './sqlite-append-queue.ts';
import { createPartitionConsumer, type PartitionConsumer } from './sqlite-log-consumer.ts';
import { type LogPartition, type LogStore, openLogStore } from './sqlite-log-store.ts';

export interface SqliteEventLogOptions {
  path: string;
  /** Fixed for as long as the file lives. */
  partitions: number;
  /** Appends that may wait to be written. */
  queueMax: number;
  /** Events in a batch. */
  batchMax?: number;
  now?: () => number;
  /** Events could not be read for a consumer; they are tried again after a pause. */
  onReadError?: (error: unknown) => void;
  /** Told how many events each write took. */
  onWrite?: (count: number) => void;
}

/** The log in one file, for one process that both appends and consumes. */
export function createSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const { path, partitions, queueMax, batchMax = 500, now = Date.now, onReadError = warn } = options;
  const store = openLogStore(path, partitions);
  const consumers = new Map<LogPartition, PartitionConsumer>();
  const queue = createAppendQueue({
    store,
    queueMax,
    now,
    onWrite: options.onWrite,
    onGrown(grown) {
      for (const partition of grown) consumers.get(partition)?.wake();
    },
  });
  let closed = false;

  function startConsumer<T extends Topic>(partition: LogPartition, handler: BatchHandler<T>): void {
    const consumer = createPartitionConsumer<T>({
      partition,
      handler,
      read: () => readOrReport<T>(store, partition, batchMax, onReadError),
      onDone: queue.saveDoneLater,
    });
    consumers.set(partition, consumer);
    consumer.wake();
  }

  /** The partitions are free for another consumer only when the handlers at work have ended. */
  async function stopConsumers(topicPartitions: LogPartition[]): Promise<void> {
    await Promise.all(topicPartitions.map((partition) => consumers.get(partition)?.stop()));
    for (const partition of topicPartitions) consumers.delete(partition);
  }

  return {
    async append(topic, key, event) {
      await queue.append({ topic, key, raw: JSON.stringify(event) });
    },

    async consume<T extends Topic>(topic: T, handler: BatchHandler<T>): Promise<Consumer> {
      if (closed) throw new StoreUnavailable('event log', 'closed');
      const topicPartitions = store.partitionsOf(topic);
      if (topicPartitions.some((partition) => consumers.has(partition))) {
        throw new Error(`${topic} has a consumer already`);
      }
      for (const partition of topicPartitions) startConsumer(partition, handler);
      let stopped: Promise<void> | undefined;
      return {
        stop() {
          stopped ??= stopConsumers(topicPartitions);
          return stopped;
        },
      };
    },

    async lag(topic) {
      return store.partitionsOf(topic).map((partition) => store.lagOf(partition, now()));
    },

    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await stopConsumers([...consumers.keys()]);
      queue.close();
      store.close();
    },
  };
}

function readOrReport<T extends Topic>(
  store: LogStore,
  partition: LogPartition,
  limit: number,
  onReadError: (error: unknown) => void,
): LogRecord<T>[] {
  try {
    return store.read(partition, limit);
  } catch (error) {
    onReadError(error);
    throw error;
  }
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
