import type { Message } from '../protocol/message.ts';
import type { MessagesPage } from '../protocol/packets.ts';

/** Messages of one conversation that wait for a missing one before them; beyond it, a pull brings them again. */
export const WAITING_MAX = 1_000;

export interface FeedOptions {
  /** The last number that counts as delivered. */
  place: number;
  /** The place is what the user's cursor says, not what this device has: what is pushed from before it is news here. */
  borrowed?: boolean;
  /** The page that follows `afterSeq`, asked until there is an answer; rejects where there will be none. */
  pull(afterSeq: number): Promise<MessagesPage>;
  /** Once per message, in the order of `seq`. */
  deliver(message: Message): void;
  /** The place moved, after what led there was delivered. */
  onPlace(place: number): void;
  onFailed(error: unknown): void;
}

/**
 * One conversation as it is delivered: in order, nothing twice, nothing left out. Messages come in from pushes and
 * pulls in any order; what arrives after a gap waits until a pull has filled it.
 */
export class ConversationFeed {
  readonly #options: FeedOptions;
  readonly #waiting = new Map<number, Message>();
  /** Recalled before they were delivered: a page may have been read before the recall and arrive after it. */
  readonly #recalled = new Set<number>();
  #place: number;
  /** The highest number known to exist. */
  #head: number;
  #repair: Promise<void> | undefined;
  /** Until the first message was delivered. */
  #borrowed: boolean;
  #stopped = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#place = options.place;
    this.#head = options.place;
    this.#borrowed = options.borrowed ?? false;
  }

  get place(): number {
    return this.#place;
  }

  /** A message from anywhere. */
  offer(message: Message): void {
    // Sending moves the user's cursor, and the list may show it there before the pushes of what others sent arrive.
    if (this.#borrowed) this.#place = Math.min(this.#place, message.seq - 1);
    if (this.#stopped || message.seq <= this.#place) return;
    this.#head = Math.max(this.#head, message.seq);
    if (message.seq === this.#place + 1) {
      this.#hand(message);
      this.#drain();
    } else if (this.#waiting.size < WAITING_MAX) {
      this.#waiting.set(message.seq, message);
    }
    this.#repairGap();
  }

  /** The server told how far the conversation goes. */
  noteHead(seq: number): void {
    this.#head = Math.max(this.#head, seq);
    this.#repairGap();
  }

  recall(seq: number): void {
    if (seq > this.#place) this.#recalled.add(seq);
  }

  /** Resolves when no gap is known, or the repair of one has failed. */
  async settled(): Promise<void> {
    while (this.#repair) await this.#repair;
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
  }

  #hand(message: Message): void {
    const recalled = this.#recalled.delete(message.seq);
    this.#borrowed = false;
    this.#place = message.seq;
    this.#options.deliver(recalled ? { ...message, content: '', recalled: true } : message);
    // Also where the application ended the client while it was handed this one: it has it.
    this.#options.onPlace(message.seq);
  }

  #drain(): void {
    for (;;) {
      const next = this.#waiting.get(this.#place + 1);
      if (!next || this.#stopped) return;
      this.#waiting.delete(next.seq);
      this.#hand(next);
    }
  }

  /** Everything up to `seq` that is not here is hidden from this user: from before they joined, or no longer kept. */
  #skipTo(seq: number): void {
    for (const waiting of [...this.#waiting.keys()].sort((a, b) => a - b)) {
      if (waiting > seq) break;
      const message = this.#waiting.get(waiting);
      this.#waiting.delete(waiting);
      if (message && waiting > this.#place && !this.#stopped) this.#hand(message);
    }
    if (seq > this.#place && !this.#stopped) {
      this.#place = seq;
      this.#options.onPlace(seq);
    }
    for (const recalled of this.#recalled) if (recalled <= this.#place) this.#recalled.delete(recalled);
    this.#drain();
  }

  #repairGap(): void {
    if (this.#repair || this.#stopped || this.#place >= this.#head) return;
    this.#repair = this.#repairNow();
  }

  async #repairNow(): Promise<void> {
    try {
      await this.#pullToHead();
      this.#repair = undefined;
      // What came in just after the last page was looked at.
      this.#repairGap();
    } catch (error) {
      // The gap stays until the next message or login asks again: at once, it would only fail again.
      this.#repair = undefined;
      this.#options.onFailed(error);
    }
  }

  async #pullToHead(): Promise<void> {
    let emptyHead: number | undefined;
    while (!this.#stopped && this.#place < this.#head) {
      const after = this.#place;
      const page = await this.#options.pull(after);
      // A push from before a borrowed place has moved it back meanwhile.
      if (this.#place < after) continue;
      const first = page.messages[0];
      if (first) {
        emptyHead = undefined;
        this.#take(page.messages, first.seq);
      } else if (emptyHead === undefined) {
        // The page and its head are two reads: a message stored between them is in the head and not in the page. So an
        // empty page proves nothing until a second one, read after that head, is empty too.
        emptyHead = page.head_seq;
      } else {
        this.#skipTo(emptyHead);
        emptyHead = undefined;
        if (this.#place >= page.head_seq) this.#head = this.#place;
      }
      this.#head = Math.max(this.#head, page.head_seq);
    }
  }

  #take(messages: Message[], firstSeq: number): void {
    this.#skipTo(firstSeq - 1);
    for (const message of messages) this.offer(message);
  }
}
