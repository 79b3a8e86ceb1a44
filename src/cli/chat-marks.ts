/** Messages of one's own in one conversation whose receipts are of interest; older ones are let go. */
const OWN_MAX = 1_000;

interface Told {
  delivered: number;
  read: number;
}

export interface Mark {
  kind: 'delivered' | 'read';
  /** The newest of one's own messages that the receipt is about. */
  seq: number;
}

export interface Marks {
  /** A message of one's own was stored. */
  own(conversationId: string, seq: number): void;
  /** What a receipt says anew about one's own messages, if anything. */
  receipt(conversationId: string, userId: string, ackSeq: number, readSeq: number): Mark | undefined;
}

/** Turns receipts, which are cursors, into what the sender wants to know: how far the own messages have come. */
export function createMarks(): Marks {
  const own = new Map<string, number[]>();
  const told = new Map<string, Told>();

  function newest(id: string, upTo: number): number {
    return own.get(id)?.findLast((seq) => seq <= upTo) ?? 0;
  }

  return {
    own(id, seq) {
      const seqs = [...(own.get(id) ?? []), seq].sort((a, b) => a - b);
      own.set(id, seqs.slice(-OWN_MAX));
    },
    receipt(id, userId, ackSeq, readSeq) {
      const key = `${id} ${userId}`;
      const before = told.get(key) ?? { delivered: 0, read: 0 };
      const delivered = Math.max(before.delivered, newest(id, ackSeq));
      const read = Math.max(before.read, newest(id, readSeq));
      told.set(key, { delivered, read });
      if (read > before.read) return { kind: 'read', seq: read };
      return delivered > before.delivered ? { kind: 'delivered', seq: delivered } : undefined;
    },
  };
}
