import type { MessageStore } from '../ports/messages.ts';

/** Gives the head of a conversation; 0 where there is none. */
export type ReadHead = (conversationId: string) => Promise<number>;

/**
 * Heads are asked for with every ack, by many sessions at once. Those that are wanted while one read is under way are
 * read together with the next, so that a gateway has one such read at a time, however many acks come.
 */
export function createHeads(store: Pick<MessageStore, 'headSeqs'>): ReadHead {
  let wanted = new Map<string, PromiseWithResolvers<number>>();
  let reading = false;

  async function readAll(): Promise<void> {
    reading = true;
    while (wanted.size > 0) {
      const now = wanted;
      wanted = new Map();
      try {
        const heads = await store.headSeqs([...now.keys()]);
        for (const [id, { resolve }] of now) resolve(heads.get(id) ?? 0);
      } catch (error) {
        for (const { reject } of now.values()) reject(error);
      }
    }
    reading = false;
  }

  return (conversationId) => {
    let asked = wanted.get(conversationId);
    if (!asked) {
      asked = Promise.withResolvers<number>();
      wanted.set(conversationId, asked);
      if (!reading) void readAll();
    }
    return asked.promise;
  };
}
