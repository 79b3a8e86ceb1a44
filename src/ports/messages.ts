import type { MsgType } from '../protocol/message.ts';

/** A message with its place, as it is kept. */
export interface StoredMessage {
  conversation_id: string;
  seq: number;
  msg_id: string;
  sender_id: string;
  msg_type: MsgType;
  /** Empty once recalled. */
  content: string;
  send_time: number;
  client_time: number | null;
  recalled_at: number | null;
  /** Digest of what the content was (`contentDigest`); only of a recalled message. */
  content_digest: string | null;
}

/** A message that is to get its place. */
export type NewMessage = Pick<
  StoredMessage,
  'conversation_id' | 'msg_id' | 'sender_id' | 'msg_type' | 'content' | 'send_time' | 'client_time'
>;

/** Numbers wanted: `count` of them, and they must be exactly `lastSeq + 1 … lastSeq + count`. */
export interface SeqClaim {
  conversationId: string;
  lastSeq: number;
  count: number;
}

/** Takes the numbers from the sequencer. Throws `StoreConflict` where they cannot be had; it may be called again. */
export type ClaimSeqs = (claims: SeqClaim[]) => Promise<void>;

export interface MessageKey {
  sender_id: string;
  msg_id: string;
}

export interface PageRequest {
  conversationId: string;
  /** Ascending from the one after this, or ascending up to the one before that. */
  from: { afterSeq: number } | { beforeSeq: number };
  /** Messages up to and with this one are hidden from the reader; 0 hides none. */
  hiddenThrough: number;
  limit: number;
}

export interface MessagePage {
  /** Ascending. */
  messages: StoredMessage[];
  /** Visible ones exist beyond the page, in the direction of reading. */
  hasMore: boolean;
  /** 0 where there is no such conversation. */
  headSeq: number;
}

/** Messages of all conversations. A method that resolves after a write has made it durable. */
export interface MessageStore {
  /** Those of the keys that are stored, in any order. */
  findStored(keys: MessageKey[]): Promise<StoredMessage[]>;

  /**
   * Stores all or none. Each conversation's messages get the numbers that follow its `last_seq`, in the order given;
   * `claim` is called with what is wanted while nobody else can store into these conversations, and what it agreed to is
   * what is stored. A direct conversation begins with its first message. `last_seq`, `last_time` and the sender's
   * `own_seq` move in the same transaction. Returns the stored messages in the order given. Throws `StoreConflict`
   * where one of the (sender_id, msg_id) is stored already, a group's conversation does not exist, or a sender may not
   * send to the group (`maySend`): what a worker found out before may be no longer true, and another have refused it.
   */
  store(messages: NewMessage[], claim: ClaimSeqs): Promise<StoredMessage[]>;

  page(request: PageRequest): Promise<MessagePage>;

  message(conversationId: string, seq: number): Promise<StoredMessage | undefined>;

  /** Which of these (conversation, seq) are recalled. */
  recalledAmong(
    places: { conversationId: string; seq: number }[],
  ): Promise<{ conversationId: string; seq: number }[]>;

  /** Withdraws the content and keeps its digest. Does nothing to one that is recalled already. Returns it as it is now. */
  recall(
    conversationId: string,
    seq: number,
    time: number,
    digest: (message: StoredMessage) => string,
  ): Promise<StoredMessage | undefined>;

  /** `last_seq` of each that exists. */
  headSeqs(conversationIds: string[]): Promise<Map<string, number>>;
}
