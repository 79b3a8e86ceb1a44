import { StoreUnavailable } from '../../ports/errors.ts';
import type { BatchHandler, Consumer, EventLog, LogRecord } from '../../ports/event-log.ts';
import type { Topic } from '../../ports/log-events.ts';
import { createPartitionConsumer, type PartitionConsumer } from './sqlite-log-consumer.ts';
import { type LogPartition, type NewEvent, openLogStore } from './sqlite-log-store.ts';

/** What is done is saved with the next append, at the latest after this. */
const SAVE_DONE_MS = 200;

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
}

interface Waiting extends NewEvent {
  resolve(): void;
  reject(error: unknown): void;
}

/** The log in one file, for one process that both appends and consumes. */
export function createSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const { path, partitions, queueMax, batchMax = 500, now = Date.now, onReadError = warn } = options;
  const store = openLogStore(path, partitions);
  const consumers = new Map<LogPartition, PartitionConsumer>();
  let waiting: Waiting[] = [];
  let saveTimer: NodeJS.Timeout | undefined;
  let closed = false;

  /** Writes what was appended in this turn of the event loop, with one flush to disk for all of it. */
  function flush(): void {
    if (waiting.length === 0 && !store.hasUnsaved()) return;
    const batch = waiting;
    waiting = [];
    try {
      const grown = store.write(batch, now());
      for (const append of batch) append.resolve();
      for (const partition of grown) consumers.get(partition)?.wake();
    } catch (error) {
      for (const append of batch) append.reject(error);
    }
    saveDoneLater();
  }

  function saveDoneLater(): void {
    if (closed || !store.hasUnsaved()) return;
    saveTimer ??= setTimeout(() => {
      saveTimer = undefined;
      flush();
    }, SAVE_DONE_MS);
  }

  function read<T extends Topic>(partition: LogPartition): LogRecord<T>[] {
    try {
      return store.read(partition, batchMax);
    } catch (error) {
      onReadError(error);
      throw error;
    }
  }

  function startConsumers<T extends Topic>(topic: T, handler: BatchHandler<T>): PartitionConsumer[] {
    return store.partitionsOf(topic).map((partition) => {
      const consumer = createPartitionConsumer<T>({
        partition,
        handler,
        read: () => read<T>(partition),
        onDone: saveDoneLater,
      });
      consumers.set(partition, consumer);
      consumer.wake();
      return consumer;
    });
  }

  async function stopConsumers(started: PartitionConsumer[]): Promise<void> {
    await Promise.all(started.map((consumer) => consumer.stop()));
    for (const [partition, consumer] of consumers) {
      if (started.includes(consumer)) consumers.delete(partition);
    }
  }

  return {
    async append(topic, key, event) {
      if (closed) throw new StoreUnavailable('event log', 'closed');
      if (waiting.length >= queueMax) throw new StoreUnavailable('event log', 'too many appends wait');
      const raw = JSON.stringify(event);
      await new Promise<void>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ topic, key, raw, resolve, reject });
      });
    },

    async consume<T extends Topic>(topic: T, handler: BatchHandler<T>): Promise<Consumer> {
      if (closed) throw new StoreUnavailable('event log', 'closed');
      if (store.partitionsOf(topic).some((partition) => consumers.has(partition))) {
        throw new Error(`${topic} has a consumer already`);
      }
      const started = startConsumers(topic, handler);
      return { stop: () => stopConsumers(started) };
    },

    async lag(topic) {
      return store.partitionsOf(topic).map((partition) => {
        const since = store.oldestTime(partition);
        return {
          partition: partition.partition,
          lag: partition.lastOffset - partition.doneThrough,
          oldestAgeMs: since === undefined ? 0 : Math.max(0, now() - since),
        };
      });
    },

    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await stopConsumers([...consumers.values()]);
      clearTimeout(saveTimer);
      flush();
      store.close();
    },
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
