/** Ids that one generation holds; two generations are kept, about 200 bytes an id. */
const GENERATION_MAX = 20_000;

export interface RecentMessage {
  /** Tells whether a message sent again is the same one. */
  digest: string;
  /** Of the event with which it was accepted first. */
  sendTime: number;
}

/**
 * The messages that this gateway accepted lately, by sender and msg_id: to tell a message sent again from a new one, and
 * a conflict at once. The worker decides for good.
 */
export class RecentMessages {
  private young = new Map<string, RecentMessage>();
  private old = new Map<string, RecentMessage>();

  get(key: string): RecentMessage | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  add(key: string, message: RecentMessage): void {
    if (this.young.size >= GENERATION_MAX) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, message);
  }

  delete(key: string): void {
    this.young.delete(key);
    this.old.delete(key);
  }
}

/**
 * When an event is accepted: later than the first of the same message, if only by a millisecond. By its time the worker
 * tells a message that was sent again from the same event handed out again.
 */
export function acceptedAt(known: RecentMessage | undefined, now: number): number {
  return known ? Math.max(now, known.sendTime + 1) : now;
}
