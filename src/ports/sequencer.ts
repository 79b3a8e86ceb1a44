export interface SeqWant {
  conversationId: string;
  count: number;
}

/**
 * The fast counter of each conversation. It may forget at any time, or run ahead: the timeline is the truth, and the
 * worker compares.
 */
export interface Sequencer {
  /** Adds `count` to each counter (0 where unknown) and returns the first number taken of each, in order. */
  take(wants: SeqWant[]): Promise<number[]>;
  /** Sets counters to what the timeline says, so that the next number taken is `lastSeq + 1`. */
  reset(heads: { conversationId: string; lastSeq: number }[]): Promise<void>;
}
