import { conversationType } from '../protocol/ids.ts';
import type { Message } from '../protocol/message.ts';
import type { ConversationSummary, InboxHead } from '../protocol/packets.ts';
import type { ConversationList } from './conversation-list.ts';
import { isClosed, isGone } from './errors.ts';
import type { Feeds } from './feeds.ts';
import type { InboxPlace } from './inbox-place.ts';
import { type Ask, pullAfter, pullConversations, pullInbox } from './requests.ts';
import type { TimerHandle, Timers } from './timers.ts';

/** How long a number may be missing from the inbox before it is pulled: pushes of two conversations may cross. */
const INBOX_GAP_MS = 1_000;

export interface SyncOptions {
  ask: Ask;
  timers: Timers;
  list: ConversationList;
  feeds: Feeds;
  inbox: InboxPlace;
  /** A message that was pulled from the inbox. */
  receive(message: Message): void;
  /** The feed of a listed conversation is open. */
  onListed(summary: ConversationSummary): void;
  forget(id: string): void;
  /** All that was known to be missing has been delivered. */
  onSynced(): void;
  onError(error: unknown): void;
}

/**
 * Finds out what was missed: the inbox brings all direct conversations up to date with one read, the list of
 * conversations shows which are behind all the same. One piece of work at a time; a wish for what is under way already
 * is granted by doing it once more after that.
 */
export class Sync {
  readonly #options: SyncOptions;
  #wantsAll = false;
  #wantsInbox = false;
  #wantedIds = new Set<string>();
  #running = false;
  #work: Promise<void> | undefined;
  /** The list was complete once: from then on an unknown conversation is a new one. */
  #listed = false;
  #gapTimer: TimerHandle | undefined;
  #stopped = false;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** After each login, with the inbox's head as the login told it. */
  loggedIn(head: InboxHead): void {
    this.#compare(head);
    this.#wantsAll = true;
    this.#start();
  }

  /** Pushes may have been lost. */
  resync(): void {
    this.#wantsInbox = true;
    this.#wantsAll = true;
    this.#start();
  }

  /** The inbox's head, as a heartbeat told it. */
  head(head: InboxHead): void {
    this.#compare(head);
    this.#start();
  }

  /** Something about this conversation is known from the list alone. */
  learn(id: string): void {
    this.#wantedIds.add(id);
    this.#start();
  }

  /**
   * To be waited for before a message is sent there; undefined where there is nothing to wait for. To send moves the
   * user's cursor, which is where a device begins that never saw the conversation: had it sent before it knew its place,
   * what others had written until then would count as delivered. New direct conversations begin with their first message.
   */
  placed(id: string): Promise<void> | undefined {
    const { feeds } = this.#options;
    if (feeds.isPlaced(id) || (this.#listed && conversationType(id) === 'direct')) return undefined;
    this.learn(id);
    return this.#work;
  }

  /** A message of a conversation that is not open has come. */
  unknown(message: Message): void {
    const id = message.conversation_id;
    const isNew = message.seq === 1 && this.#listed && conversationType(id) === 'direct';
    if (isNew) this.#take(newDirect(id), undefined, message.send_time);
    else if (this.#listed) this.learn(id);
  }

  /** A pushed message had this number in the inbox. */
  pushed(inboxSeq: number): void {
    const { inbox, timers } = this.#options;
    inbox.seen(inboxSeq);
    if (!inbox.gap || this.#gapTimer !== undefined || this.#stopped) return;
    this.#gapTimer = timers.set(() => {
      this.#gapTimer = undefined;
      this.#wantsInbox ||= inbox.gap;
      this.#start();
    }, INBOX_GAP_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#options.timers.clear(this.#gapTimer);
  }

  #compare(head: InboxHead): void {
    const { inbox } = this.#options;
    if (inbox.covers(head)) return;
    if (inbox.place?.epoch === head.epoch) {
      this.#wantsInbox = true;
      return;
    }
    // Another epoch, or a new device: the inbox would answer `resync` and this very head.
    inbox.restart(head);
    this.#wantsAll = true;
  }

  #start(): void {
    if (!this.#running) this.#work = this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#wantsInbox || this.#wantsAll || this.#wantedIds.size > 0) {
      try {
        await this.#next();
      } catch (error) {
        if (isClosed(error)) break;
        this.#options.onError(error);
      }
    }
    this.#running = false;
  }

  async #next(): Promise<void> {
    if (this.#wantsInbox) {
      this.#wantsInbox = false;
      await this.#catchUpInbox();
    } else if (this.#wantsAll) {
      this.#wantsAll = false;
      // The whole list holds what was wanted of it before.
      this.#wantedIds = new Set();
      await this.#listAll();
    } else {
      const ids = this.#wantedIds;
      this.#wantedIds = new Set();
      await this.#walk(ids);
      for (const id of ids) this.#options.feeds.drop(id);
    }
  }

  async #catchUpInbox(): Promise<void> {
    const { ask, inbox, receive } = this.#options;
    for (let place = inbox.place; place; place = inbox.place) {
      const page = await pullInbox(ask, place);
      if (page.resync) {
        inbox.restart(page.inbox);
        this.#wantsAll = true;
        return;
      }
      for (const message of page.messages) receive(message);
      inbox.reached(page.reached);
      if (!page.has_more || page.reached <= place.seq) return;
    }
  }

  async #listAll(): Promise<void> {
    const { list, feeds, onSynced } = this.#options;
    const missing = new Set(list.ids());
    await this.#walk(undefined, missing);
    for (const id of missing) await this.#verify(id);
    this.#listed = true;
    for (const id of feeds.unopened()) this.#wantedIds.add(id);
    void feeds.settled().then(onSynced);
  }

  /** Reads the list until it has shown all `wanted` (all there is, if undefined); takes the ids it shows from both sets. */
  async #walk(wanted: Set<string> | undefined, missing?: Set<string>): Promise<void> {
    const { ask, feeds, timers } = this.#options;
    let activity = timers.now();
    let cursor: string | undefined;
    do {
      const placesBefore = feeds.allPlaces();
      const page = await pullConversations(ask, cursor);
      for (const summary of page.conversations) {
        const id = summary.conversation_id;
        activity = summary.last_message?.send_time ?? activity;
        this.#take(summary, placesBefore.get(id), activity);
        wanted?.delete(id);
        missing?.delete(id);
      }
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined && wanted?.size !== 0);
  }

  /** `placeBefore`: where the conversation stood before the summary was asked for. */
  #take(summary: ConversationSummary, placeBefore: number | undefined, activity: number): void {
    const { list, feeds, forget, onListed } = this.#options;
    // The server has less than was delivered: it was emptied, and numbers there start over.
    if (placeBefore !== undefined && placeBefore > summary.head_seq) forget(summary.conversation_id);
    list.merge(summary, activity);
    feeds.open(summary);
    onListed(summary);
  }

  /** A known conversation that the list did not show: the user left it, or it went to an earlier page meanwhile. */
  async #verify(id: string): Promise<void> {
    const { ask, feeds, forget } = this.#options;
    const place = feeds.place(id) ?? 0;
    try {
      const page = await pullAfter(ask, id, place, 1);
      if (page.head_seq < place) forget(id);
      else feeds.noteHead(id, page.head_seq);
    } catch (error) {
      if (!isGone(error)) throw error;
      forget(id);
    }
  }
}

function newDirect(id: string): ConversationSummary {
  return {
    conversation_id: id,
    type: 'direct',
    head_seq: 0,
    ack_seq: 0,
    read_seq: 0,
    unread: 0,
    last_message: null,
  };
}
