import type { Sequencer } from '../../ports/sequencer.ts';

/** Counters that are kept; the one untouched for longest is forgotten first, and is set again from the timeline. */
const COUNTERS_MAX = 100_000;

/** Counters in this process's memory: nobody else may store into the same timeline. */
export function createMemorySequencer(): Sequencer {
  const lastByConversation = new Map<string, number>();

  function set(conversationId: string, last: number): void {
    lastByConversation.delete(conversationId);
    lastByConversation.set(conversationId, last);
    if (lastByConversation.size <= COUNTERS_MAX) return;
    const oldest = lastByConversation.keys().next();
    if (!oldest.done) lastByConversation.delete(oldest.value);
  }

  return {
    async take(wants) {
      return wants.map(({ conversationId, count }) => {
        const last = lastByConversation.get(conversationId) ?? 0;
        set(conversationId, last + count);
        return last + 1;
      });
    },

    async reset(heads) {
      for (const { conversationId, lastSeq } of heads) set(conversationId, lastSeq);
    },
  };
}
