import type { InboxHead } from '../protocol/packets.ts';
import type { CursorStore } from './types.ts';

/**
 * What one user's client keeps across runs. The keys hold the user id: a store that two users share one after the other
 * (a browser) must not give the second the places of the first.
 */
export class Places {
  readonly #store: CursorStore;
  readonly #onError: (error: unknown) => void;
  #userId = '';

  /** A store that fails is told as an error and done without: what it does not keep is pulled again. */
  constructor(store: CursorStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  /** Before anything is read or written. */
  loggedIn(userId: string): void {
    this.#userId = userId;
  }

  /** The last delivered number of a conversation. */
  conversation(id: string): number | undefined {
    const place = this.#read(this.#conversationKey(id));
    return isSeq(place) ? place : undefined;
  }

  setConversation(id: string, seq: number): void {
    this.#attempt(() => this.#store.set(this.#conversationKey(id), JSON.stringify(seq)));
  }

  removeConversation(id: string): void {
    this.#attempt(() => this.#store.remove(this.#conversationKey(id)));
  }

  inbox(): InboxHead | undefined {
    const head = this.#read(this.#inboxKey()) as Partial<InboxHead> | null | undefined;
    if (typeof head?.epoch !== 'string' || !isSeq(head.seq)) return undefined;
    return { epoch: head.epoch, seq: head.seq };
  }

  setInbox(head: InboxHead): void {
    this.#attempt(() => this.#store.set(this.#inboxKey(), JSON.stringify(head)));
  }

  #read(key: string): unknown {
    const text = this.#attempt(() => this.#store.get(key));
    try {
      return JSON.parse(text ?? 'null');
    } catch {
      // Not written by this client: as good as absent.
      return undefined;
    }
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }

  #conversationKey(id: string): string {
    return `${this.#userId}/place/${id}`;
  }

  #inboxKey(): string {
    return `${this.#userId}/inbox`;
  }
}

function isSeq(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
