import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { BatchHandler, LogRecord } from '../../ports/event-log.ts';
import type { Topic } from '../../ports/log-events.ts';
import type { LogPartition } from './sqlite-log-store.ts';

/** After a failure a partition pauses this long; after each further one twice as long as before, up to the maximum. */
const PAUSE_MIN_MS = 100;
const PAUSE_MAX_MS = 5000;

export interface PartitionConsumerOptions<T extends Topic> {
  partition: LogPartition;
  handler: BatchHandler<T>;
  /** The partition's events from the oldest on that is not done. */
  read(): LogRecord<T>[];
  onDone(): void;
}

export interface PartitionConsumer {
  /** To be called when the partition has grown. */
  wake(): void;
  /** Resolves when no handler runs any more. */
  stop(): Promise<void>;
}

/** Hands one partition's events to the handler, batch after batch, for as long as there are any. */
export function createPartitionConsumer<T extends Topic>(
  options: PartitionConsumerOptions<T>,
): PartitionConsumer {
  const { partition, handler, read, onDone } = options;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let failuresInARow = 0;

  const hasMore = () => !stopping.signal.aborted && partition.doneThrough < partition.lastOffset;

  /**
   * Waits for the next turn of the event loop before each batch: those whose append resolved come first, and sockets
   * have their turn even where the handler never waits for anything.
   */
  async function drain(): Promise<void> {
    await nextTurn();
    while (hasMore()) {
      await deliver();
      await nextTurn();
    }
    running = undefined;
  }

  /** A failure is for the handler to report; here it only means that the events come again. */
  async function deliver(): Promise<void> {
    try {
      const records = read();
      await handler({ partition: partition.partition, records, owned: () => true });
      partition.doneThrough = records.at(-1)!.offset;
      failuresInARow = 0;
      onDone();
    } catch {
      failuresInARow += 1;
      const pauseMs = Math.min(PAUSE_MIN_MS * 2 ** (failuresInARow - 1), PAUSE_MAX_MS);
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  return {
    wake() {
      if (!stopping.signal.aborted) running ??= drain();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
