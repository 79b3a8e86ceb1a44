import type { EachBatchPayload } from 'kafkajs';

type Offsets = Pick<EachBatchPayload, 'commitOffsetsIfNecessary' | 'uncommittedOffsets'>;

/**
 * Commits what is resolved, of all partitions of a member. Partitions that are done in the same turn of the event loop,
 * as those of one fetch often are, share one request; else each would send one that names them all.
 */
export function createCommits(): (offsets: Offsets) => Promise<void> {
  let next: Promise<void> | undefined;

  async function commitAfterTurn({ commitOffsetsIfNecessary, uncommittedOffsets }: Offsets): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    next = undefined;
    await commitOffsetsIfNecessary(uncommittedOffsets());
  }

  return (offsets) => {
    next ??= commitAfterTurn(offsets);
    return next;
  };
}
