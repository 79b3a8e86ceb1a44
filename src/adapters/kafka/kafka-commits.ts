import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import { isRebalance } from './kafka-membership.ts';

type Offsets = Pick<EachBatchPayload, 'commitOffsetsIfNecessary' | 'uncommittedOffsets'>;

export interface Commits {
  /** Commits what is resolved within the time, without being waited for; what fails is tried again. */
  soon(offsets: Offsets): void;
  /** Resolves when what is resolved is committed, and throws where it could not be. */
  now(offsets: Offsets): Promise<void>;
  /** Commits at once what waits for its time, and ends `soon`. Resolves when all requests have ended, however they did. */
  close(): Promise<void>;
}

/**
 * Commits what is resolved, of all partitions of a member: one request at a time, and what is done meanwhile shares the
 * next one. A broker takes some milliseconds for a commit, as long as for the work on a small batch, and answers nothing
 * else on the same connection before: a fetch waits for a commit that was sent ahead of it. So commits that nobody waits
 * for are `intervalMs` apart.
 */
export function createCommits(intervalMs: number): Commits {
  /** Those of the batch that was done last: an earlier one's may be of a group that is no more. */
  let newest: Offsets;
  let last: Promise<void> = Promise.resolve();
  let lastBegan = true;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function commitAfter(before: Promise<void>): Promise<void> {
    // Partitions of one fetch are often done in the same turn.
    await Promise.allSettled([before, nextTurn()]);
    lastBegan = true;
    await newest.commitOffsetsIfNecessary(newest.uncommittedOffsets());
  }

  function request(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (lastBegan) {
      lastBegan = false;
      last = commitAfter(last);
    }
    return last;
  }

  function wait(): void {
    if (!closed) timer ??= setTimeout(requestUnattended, intervalMs);
  }

  function requestUnattended(): void {
    // Of a membership that is over nothing is committed any more: the heartbeat tells, and its events are handed out again.
    request().catch((error) => isRebalance(error) || wait());
  }

  return {
    soon(offsets) {
      newest = offsets;
      wait();
    },
    now(offsets) {
      newest = offsets;
      return request();
    },
    async close() {
      closed = true;
      if (timer) requestUnattended();
      await Promise.allSettled([last]);
    },
  };
}
