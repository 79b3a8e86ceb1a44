import type { Message } from '../protocol/message.ts';
import type { ConversationSummary, MessagesPage } from '../protocol/packets.ts';
import { ConversationFeed } from './conversation-feed.ts';
import { isClosed, isGone } from './errors.ts';
import { Gate } from './gate.ts';
import type { Places } from './places.ts';
import type { Pauses } from './timers.ts';

/** Conversations that catch up at the same time, so that the user's own requests find room between them. */
const REPAIRS_MAX = 4;

/** Messages of conversations not listed yet that wait for the list; beyond it, a pull brings them again. */
const EARLY_MAX = 5_000;

export interface FeedsOptions {
  places: Places;
  pauses: Pauses;
  pull(id: string, afterSeq: number): Promise<MessagesPage>;
  deliver(message: Message): void;
  /** The user is no member of that conversation any more. */
  onGone(id: string): void;
  onError(error: unknown): void;
}

/** The feed of each conversation, opened once the server's list has told where it stands. */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #gate: Gate;
  readonly #feeds = new Map<string, ConversationFeed>();
  readonly #early = new Map<string, Message[]>();
  #earlyCount = 0;

  constructor(options: FeedsOptions) {
    this.#options = options;
    this.#gate = new Gate(REPAIRS_MAX, options.pauses);
  }

  place(id: string): number | undefined {
    return this.#feeds.get(id)?.place;
  }

  /** Whether this device has a place of its own there, or knows which one it will borrow. */
  isPlaced(id: string): boolean {
    return this.#feeds.has(id) || this.#options.places.conversation(id) !== undefined;
  }

  /** Where each open conversation stands. */
  allPlaces(): Map<string, number> {
    return new Map([...this.#feeds].map(([id, feed]) => [id, feed.place]));
  }

  /** False where the conversation is unknown: the message is kept until `open` or `drop`. */
  receive(message: Message): boolean {
    const id = message.conversation_id;
    const feed = this.#feeds.get(id);
    if (feed) {
      feed.offer(message);
      return true;
    }
    const early = this.#early.get(id) ?? [];
    this.#early.set(id, early);
    if (this.#earlyCount < EARLY_MAX) {
      early.push(message);
      this.#earlyCount += 1;
    }
    return false;
  }

  /** Conversations that were heard of and not listed. */
  unopened(): string[] {
    return [...this.#early.keys()];
  }

  /** The conversation is listed: opens its feed, or tells the open one how far it goes. */
  open(summary: ConversationSummary): void {
    const id = summary.conversation_id;
    const early = this.drop(id);
    const feed = this.#feeds.get(id) ?? this.#begin(summary, early);
    for (const message of early) feed.offer(message);
    feed.noteHead(summary.head_seq);
  }

  noteHead(id: string, headSeq: number): void {
    this.#feeds.get(id)?.noteHead(headSeq);
  }

  /** Gives back, in ascending order, what came for a conversation that is not open. */
  drop(id: string): Message[] {
    const early = this.#early.get(id) ?? [];
    this.#early.delete(id);
    this.#earlyCount -= early.length;
    return early.sort((a, b) => a.seq - b.seq);
  }

  forget(id: string): void {
    this.drop(id);
    this.#feeds.get(id)?.stop();
    this.#feeds.delete(id);
    this.#options.places.removeConversation(id);
  }

  recall(id: string, seq: number): void {
    this.#feeds.get(id)?.recall(seq);
  }

  /** Resolves when every conversation has come as far as is known. */
  async settled(): Promise<void> {
    await Promise.all([...this.#feeds.values()].map((feed) => feed.settled()));
  }

  stop(): void {
    for (const feed of this.#feeds.values()) feed.stop();
  }

  /**
   * Begins where an earlier run of this device stopped; on a device that never saw the conversation, where the user's
   * other devices are. Messages pushed since count as not yet there, even if another device was quicker to acknowledge them.
   */
  #begin(summary: ConversationSummary, early: Message[]): ConversationFeed {
    const { places } = this.#options;
    const id = summary.conversation_id;
    const kept = places.conversation(id);
    // A place beyond the head is that of another server, or of one that was emptied.
    if (kept !== undefined && kept <= summary.head_seq) return this.#create(id, kept, false);
    const place = Math.min(summary.ack_seq, (early[0]?.seq ?? Number.POSITIVE_INFINITY) - 1);
    places.setConversation(id, place);
    return this.#create(id, place, true);
  }

  #create(id: string, place: number, borrowed: boolean): ConversationFeed {
    const feed = new ConversationFeed({
      place,
      borrowed,
      pull: (afterSeq) => this.#gate.run(() => this.#options.pull(id, afterSeq)),
      deliver: this.#options.deliver,
      onPlace: (reached) => this.#options.places.setConversation(id, reached),
      onFailed: (error) => {
        if (isGone(error)) this.#options.onGone(id);
        else if (!isClosed(error)) this.#options.onError(error);
      },
    });
    this.#feeds.set(id, feed);
    return feed;
  }
}
