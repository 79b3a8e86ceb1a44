import type { Message } from '../../../src/protocol/message.ts';

/**
 * What clients did and saw in one run, and nothing that a server said of itself. All times are of one monotonic clock,
 * in milliseconds: `performance.now()` where one process records them all.
 */
export interface History {
  /** In the order in which each session sent; a message that was sent again is there once for each time. */
  sends: Send[];
  /** Events `rejected`: messages that were answered and refused later. */
  rejections: Rejection[];
  recalls: Recall[];
  /** In the order in which each reader saw them. */
  observations: Observation[];
  /**
   * Whole conversations, pulled when all is at rest, by everyone who may: they say what is stored. One of each
   * conversation's readers sees it from its first message on.
   */
  finals: FinalPull[];
  /** Who is to see what. Someone who is not named here may have seen anything that is true. */
  readers: Reader[];
  /** When the last fault was over; from then on whatever is late has no excuse. Absent where there was none. */
  healedAt?: number;
}

/** `unknown` is for what was never answered, and for 5xx: there too only the answer may have been lost. */
export type Outcome = 'answered' | 'refused' | 'unknown';

/** A message that a client was told to send, once. */
export interface Send {
  conversationId: string;
  senderId: string;
  /** One connection, or one run of an SDK client, which keeps the order over its reconnects. */
  session: string;
  msgId: string;
  content: string;
  invokedAt: number;
  outcome: Outcome;
  /** When the answer or the refusal came. */
  completedAt?: number;
  /** The number that its sender was told, if it was. */
  seq?: number;
}

export interface Rejection {
  senderId: string;
  msgId: string;
  /** 409, 403 or 500, as the event says. */
  code: number;
  at: number;
}

export interface Recall {
  conversationId: string;
  seq: number;
  invokedAt: number;
  outcome: Outcome;
}

/**
 * How a message reached a reader. `push`: a frame, in any order, also again. `pull`: in a page, at any time. `feed`: the
 * SDK handed it out, which it does once for each, in order and without holes, over all runs on one store.
 */
export type Via = 'push' | 'pull' | 'feed';

export interface Observation {
  reader: string;
  via: Via;
  at: number;
  message: Message;
}

/** A conversation as one of its members pulled it in the end, from the first message that the member may see. */
export interface FinalPull {
  conversationId: string;
  reader: string;
  messages: Message[];
}

/** A member of a conversation, or somebody who was one. */
export interface Reader {
  userId: string;
  conversationId: string;
  /** Messages up to this one are hidden from the member. Default 0: none. */
  afterSeq?: number;
  /** From then to the end the member was there, by push, pull or feed, and must have seen all without the final pull. */
  liveSince?: number;
  /** When a removal was answered that is in force still: what is sent after it is not for, and not from, this user. */
  removedAt?: number;
  /** A removal or a muting was tried, so that a message of this user may be answered and then refused with 403. */
  mayBeForbidden?: boolean;
}

/** A history in which nothing happened yet. */
export function emptyHistory(): History {
  return { sends: [], rejections: [], recalls: [], observations: [], finals: [], readers: [] };
}
