import type { Message } from '../protocol/message.ts';
import type { EventOf, InboxHead, InputPacket, LoginAnswer } from '../protocol/packets.ts';
import { Acks } from './acks.ts';
import { ConversationList } from './conversation-list.ts';
import type { Emitter } from './emitter.ts';
import { Feeds } from './feeds.ts';
import { InboxPlace } from './inbox-place.ts';
import { Places } from './places.ts';
import { type Ask, pullAfter } from './requests.ts';
import { Sync } from './sync.ts';
import { type Pauses, realTimers } from './timers.ts';
import type { ConversationState, CursorStore } from './types.ts';

export interface DeliveryOptions {
  ask: Ask;
  /** For acks, which wait on their own. */
  askAck: Ask;
  store: CursorStore;
  pauses: Pauses;
  emitter: Emitter;
  autoAck: boolean;
  /** Each stored message that comes by, in any order, some more than once. */
  onSeen(message: Message): void;
  /** All that was known to be missing has been delivered. */
  onSynced(): void;
  onError(error: unknown): void;
}

/** The receiving side of a client: from pushes and pulls to the events `message` and `conversations`. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #places: Places;
  readonly #list: ConversationList;
  readonly #acks: Acks;
  readonly #inbox: InboxPlace;
  readonly #feeds: Feeds;
  readonly #sync: Sync;
  #userId: string | undefined;
  #listChanged = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#places = new Places(options.store, options.onError);
    this.#list = new ConversationList(() => this.#tellList());
    this.#acks = this.#createAcks();
    this.#inbox = new InboxPlace({
      save: (place) => this.#places.setInbox(place),
      onReached: (place) => options.autoAck && this.#acks.inbox(place),
    });
    this.#feeds = this.#createFeeds();
    this.#sync = this.#createSync();
  }

  get conversations(): ConversationState[] {
    return this.#list.all;
  }

  loggedIn({ user_id, inbox }: LoginAnswer): void {
    if (this.#userId === undefined) {
      this.#userId = user_id;
      this.#places.loggedIn(user_id);
      this.#list.loggedIn(user_id);
      this.#inbox.restore(this.#places.inbox());
    }
    this.#sync.loggedIn(inbox);
  }

  pushed(message: Message): void {
    this.#arrived(message);
    if (message.inbox_seq !== undefined) this.#sync.pushed(message.inbox_seq);
  }

  /** The inbox's head, as a heartbeat told it. */
  head(head: InboxHead): void {
    this.#sync.head(head);
  }

  resync(): void {
    this.#sync.resync();
  }

  /** Before a message is sent there; see `Sync`. */
  placed(id: string): Promise<void> | undefined {
    return this.#sync.placed(id);
  }

  markedRead(id: string, seq: number): void {
    this.#list.cursors(id, seq, seq);
  }

  receipt(event: EventOf<'receipt'>): void {
    this.#list.receipt(event);
  }

  recall(event: EventOf<'recall'>): void {
    this.#list.recall(event);
    this.#feeds.recall(event.conversation_id, event.seq);
  }

  member({ conversation_id: id, change, user_id }: EventOf<'member'>): void {
    const own = user_id === this.#userId;
    if (change === 'dissolved' || (own && (change === 'left' || change === 'removed'))) this.#forget(id);
    if (change === 'created' || change === 'updated' || (own && change === 'joined')) this.#sync.learn(id);
  }

  /** Ends the delivery and gives the acknowledgements that were not told yet. */
  stop(): InputPacket[] {
    this.#sync.stop();
    this.#feeds.stop();
    return this.#acks.stop();
  }

  #createAcks(): Acks {
    return new Acks({
      timers: realTimers,
      ask: this.#options.askAck,
      acked: (id) => this.#list.get(id)?.ack_seq ?? 0,
      onAcked: (id, seq) => this.#list.cursors(id, seq, 0),
    });
  }

  #createFeeds(): Feeds {
    const { ask, pauses, onSeen, onError } = this.#options;
    return new Feeds({
      places: this.#places,
      pauses,
      pull: async (id, afterSeq) => {
        const page = await pullAfter(ask, id, afterSeq);
        for (const message of page.messages) onSeen(message);
        return page;
      },
      deliver: (message) => this.#deliver(message),
      onGone: (id) => this.#forget(id),
      onError,
    });
  }

  #createSync(): Sync {
    const { ask, autoAck, onSynced, onError } = this.#options;
    return new Sync({
      ask,
      timers: realTimers,
      list: this.#list,
      feeds: this.#feeds,
      inbox: this.#inbox,
      receive: (message) => this.#arrived(message),
      onListed: ({ conversation_id: id, ack_seq }) => {
        const place = this.#feeds.place(id) ?? 0;
        if (autoAck && place > ack_seq) this.#acks.delivered(id, place);
      },
      forget: (id) => this.#forget(id),
      onSynced: () => {
        // Also where nothing changed: that a list is empty is news, too.
        this.#tellList();
        onSynced();
      },
      onError,
    });
  }

  #arrived(message: Message): void {
    this.#options.onSeen(message);
    if (!this.#feeds.receive(message)) this.#sync.unknown(message);
  }

  #deliver(message: Message): void {
    const { autoAck, emitter } = this.#options;
    this.#list.delivered(message);
    emitter.emit('message', message);
    // Sending moved one's own cursors already.
    if (autoAck && message.sender_id !== this.#userId) {
      this.#acks.delivered(message.conversation_id, message.seq);
    }
  }

  #forget(id: string): void {
    this.#acks.forget(id);
    this.#feeds.forget(id);
    this.#list.remove(id);
  }

  #tellList(): void {
    if (this.#listChanged) return;
    this.#listChanged = true;
    queueMicrotask(() => {
      this.#listChanged = false;
      this.#options.emitter.emit('conversations', this.#list.all);
    });
  }
}
