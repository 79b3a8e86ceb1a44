import { StoreUnavailable } from '../../ports/errors.ts';
import type { LogPartition, LogStore, NewEvent } from './sqlite-log-store.ts';

/** What is done is saved with the next append, at the latest after this. */
const SAVE_DONE_MS = 200;

export interface AppendQueueOptions {
  store: LogStore;
  /** Appends that may wait to be written. */
  queueMax: number;
  now: () => number;
  /** Told how many events each write took. */
  onWrite?: (count: number) => void;
  /** These partitions have new events, which are on disk. */
  onGrown(partitions: Set<LogPartition>): void;
}

export interface AppendQueue {
  /** Resolves when the event is on disk. */
  append(event: NewEvent): Promise<void>;
  /** To be called when a handler is done with events. */
  saveDoneLater(): void;
  /** Writes what waits; nothing may be appended afterwards. */
  close(): void;
}

interface Waiting {
  event: NewEvent;
  resolve(): void;
  reject(error: unknown): void;
}

/** Writes what is appended in one turn of the event loop together, with one flush to disk for all of it. */
export function createAppendQueue({
  store,
  queueMax,
  now,
  onWrite,
  onGrown,
}: AppendQueueOptions): AppendQueue {
  let waiting: Waiting[] = [];
  let saveTimer: NodeJS.Timeout | undefined;
  let closed = false;

  function flush(): void {
    if (waiting.length === 0 && !store.hasUnsaved()) return;
    const batch = waiting;
    waiting = [];
    try {
      const events = batch.map(({ event }) => event);
      const grown = store.write(events, now());
      if (events.length > 0) onWrite?.(events.length);
      for (const append of batch) append.resolve();
      onGrown(grown);
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

  return {
    saveDoneLater,

    async append(event) {
      if (closed) throw new StoreUnavailable('event log', 'closed');
      if (waiting.length >= queueMax) throw new StoreUnavailable('event log', 'too many appends wait');
      if (waiting.length === 0) setImmediate(flush);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ event, resolve, reject });
      return promise;
    },

    close() {
      closed = true;
      clearTimeout(saveTimer);
      flush();
    },
  };
}
