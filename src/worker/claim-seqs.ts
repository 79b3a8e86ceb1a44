import { StoreConflict } from '../ports/errors.ts';
import type { ClaimSeqs, SeqClaim } from '../ports/messages.ts';
import type { Sequencer } from '../ports/sequencer.ts';

/** Each try but the first follows a reset; more than one is needed only while others take numbers at the same time. */
const TRIES_MAX = 5;

/**
 * Takes numbers from the sequencer and requires exactly those that follow `lastSeq` in the timeline. Where they are
 * others (the counter was lost, a transaction was rolled back, a stale worker took some), the counter is set from the
 * timeline, which is locked meanwhile, and they are taken again.
 */
export function createClaimSeqs(sequencer: Sequencer, onReseed: (count: number) => void): ClaimSeqs {
  return async (claims) => {
    let wanted: SeqClaim[] = claims;
    for (let attempt = 1; attempt <= TRIES_MAX; attempt++) {
      const firsts = await sequencer.take(wanted);
      wanted = wanted.filter((claim, i) => firsts[i] !== claim.lastSeq + 1);
      if (wanted.length === 0) return;
      onReseed(wanted.length);
      await sequencer.reset(wanted);
    }
    const stuck = wanted.map((claim) => claim.conversationId).join(', ');
    throw new StoreConflict(
      `the sequencer gave other numbers than the timeline needs, ${TRIES_MAX} times: ${stuck}`,
    );
  };
}
