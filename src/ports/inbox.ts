import type { InboxHead } from '../protocol/packets.ts';
import type { StoredMessage } from './messages.ts';
import type { Route } from './registry.ts';

export interface InboxEntry {
  inbox_seq: number;
  message: StoredMessage;
}

export interface InboxRead {
  head: InboxHead;
  /** Ascending; none where `resync`. */
  entries: InboxEntry[];
  hasMore: boolean;
  /** The epoch is another, the place is beyond the head, or what follows it was trimmed: begin from the conversations. */
  resync: boolean;
}

export interface Appended {
  /** The number of each entry, in order. */
  seqs: number[];
  /** Where each user is, if anywhere, looked up when all for that user was there: who comes later finds it in the inbox. */
  routes: Map<string, Route[]>;
}

/**
 * The newest direct messages of each user, numbered per user without gaps within one epoch. It may be lost as a whole;
 * then the next touch begins a new epoch. It keeps a bounded number of messages for a bounded time after the last one.
 */
export interface Inbox {
  /**
   * A message that is there already, by (conversation, seq), keeps its number: appending again is harmless. Entries of one user get numbers in the order given.
   */
  append(entries: { userId: string; message: StoredMessage }[]): Promise<Appended>;

  /** Begins an epoch where the user has none. */
  head(userId: string): Promise<InboxHead>;

  read(userId: string, epoch: string, afterSeq: number, limit: number): Promise<InboxRead>;
}
