import { StoreUnavailable } from '../ports/errors.ts';
import type { Batch, BatchHandler, LogRecord } from '../ports/event-log.ts';
import type { Topic } from '../ports/log-events.ts';

/** Batches of several partitions, worked on as one; each partition's records keep their order. */
export interface GatheredBatch<T extends Topic> {
  partitions: number[];
  records: LogRecord<T>[];
  /** Whether all partitions are owned still. */
  owned(): boolean;
}

/** Records that are worked on at once, as many as one statement takes; a batch that has more goes alone. */
const RECORDS_MAX = 1000;

interface Waiting<T extends Topic> {
  batch: Batch<T>;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Works on batches of several partitions together: a log hands out one for each partition at a time, and to store each
 * by itself costs as many transactions. What waits when work begins goes along. Where the work fails for another reason
 * than that a store is out of reach, each partition is tried by itself, so that one does not fail for the others.
 */
export function gatherBatches<T extends Topic>(
  work: (batch: GatheredBatch<T>) => Promise<void>,
): BatchHandler<T> {
  let waiting: Waiting<T>[] = [];
  let working = false;

  async function workOff(): Promise<void> {
    // The batches of one fetch come one after the other in the same turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const parts = takeOwned();
      if (parts.length > 0) await workOn(parts);
    }
    working = false;
  }

  /** What waits, up to the limit, without batches whose partition moved to another worker meanwhile. */
  function takeOwned(): Waiting<T>[] {
    const count = countWithin(waiting.map(({ batch }) => batch.records.length));
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken.filter(({ batch, reject }) => {
      const owned = batch.owned();
      if (!owned) reject(new StoreUnavailable('event log', 'the partition moved to another worker'));
      return owned;
    });
  }

  async function workOn(parts: Waiting<T>[]): Promise<void> {
    try {
      await work(together(parts));
      for (const { resolve } of parts) resolve();
    } catch (error) {
      if (parts.length === 1 || error instanceof StoreUnavailable)
        for (const { reject } of parts) reject(error);
      else for (const part of parts) await workOn([part]);
    }
  }

  return (batch) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push({ batch, resolve, reject });
    if (!working) {
      working = true;
      void workOff();
    }
    return promise;
  };
}

function together<T extends Topic>(parts: Waiting<T>[]): GatheredBatch<T> {
  const batches = parts.map(({ batch }) => batch);
  return {
    partitions: batches.map(({ partition }) => partition),
    records: batches.flatMap(({ records }) => records),
    owned: () => batches.every((batch) => batch.owned()),
  };
}

/** How many of these counts, from the first on, stay within the limit together; at least one. */
function countWithin(counts: number[]): number {
  let sum = 0;
  const beyond = counts.findIndex((count, i) => {
    sum += count;
    return i > 0 && sum > RECORDS_MAX;
  });
  return beyond < 0 ? counts.length : beyond;
}
