import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';

type Offsets = Pick<EachBatchPayload, 'commitOffsetsIfNecessary' | 'uncommittedOffsets'>;

export interface Commits {
  /** Commits what is resolved without being waited for. Throws, once, what an earlier request failed with. */
  soon(offsets: Offsets): void;
  /** Resolves when what is resolved is committed, and throws where it could not be. */
  now(offsets: Offsets): Promise<void>;
  /** Resolves when the requests so far have ended, however they did. */
  settled(): Promise<void>;
}

/**
 * Commits what is resolved, of all partitions of a member: one request at a time, and what is done meanwhile shares the
 * next one. A broker takes some milliseconds for a commit, as long as for the work on a small batch; who waited for it
 * would fetch half as often.
 */
export function createCommits(): Commits {
  /** Those of the batch that was done last: an earlier one's may be of a group that is no more. */
  let newest: Offsets;
  let last: Promise<void> = Promise.resolve();
  let lastBegan = true;
  let fault: { error: unknown } | undefined;

  async function commitAfter(before: Promise<void>): Promise<void> {
    // Partitions of one fetch are often done in the same turn.
    await Promise.allSettled([before, nextTurn()]);
    lastBegan = true;
    await newest.commitOffsetsIfNecessary(newest.uncommittedOffsets());
  }

  function request(offsets: Offsets): Promise<void> {
    newest = offsets;
    if (lastBegan) {
      lastBegan = false;
      last = commitAfter(last);
    }
    return last;
  }

  return {
    soon(offsets) {
      request(offsets).catch((error) => {
        fault = { error };
      });
      if (!fault) return;
      const { error } = fault;
      fault = undefined;
      throw error;
    },
    now: request,
    async settled() {
      await Promise.allSettled([last]);
    },
  };
}
