import type { MsgType } from '../protocol/message.ts';

/** Version of the events below; a worker sends an event of a newer one to the dead letters instead of guessing. */
export const EVENT_VERSION = 1;

/** Which gateway and session an event came from, to answer there. */
export interface Origin {
  gateway_id: string;
  session_id: string;
}

/** A message that a gateway accepted: from here on it will be stored, or its sender told why not. */
export interface ChatEvent extends Origin {
  v: typeof EVENT_VERSION;
  kind: 'chat';
  conversation_id: string;
  msg_id: string;
  sender_id: string;
  msg_type: MsgType;
  content: string;
  /** The gateway's clock at acceptance, ms since 1970; later than at the one before, where the gateway remembers that. */
  send_time: number;
  client_time?: number;
}

/** A withdrawal that a gateway found allowed. */
export interface RecallEvent extends Origin {
  v: typeof EVENT_VERSION;
  kind: 'recall';
  conversation_id: string;
  seq: number;
  by: string;
  time: number;
  /** The gateway answers its client when this comes back. */
  reply_id: string;
}

/** A cursor of one member in one conversation; both only go forward. */
export interface CursorEvent extends Origin {
  v: typeof EVENT_VERSION;
  kind: 'cursor';
  user_id: string;
  conversation_id: string;
  ack_seq: number;
  read_seq: number;
  reply_id?: string;
}

/** How far a user has read the inbox, within one epoch of it. */
export interface InboxCursorEvent extends Origin {
  v: typeof EVENT_VERSION;
  kind: 'inbox_cursor';
  user_id: string;
  epoch: string;
  seq: number;
  reply_id?: string;
}

/** An event that could not be carried out, kept with the reason so that a person can look at it and replay it. */
export interface DeadLetter {
  v: typeof EVENT_VERSION;
  kind: 'dead_letter';
  reason: DeadLetterReason;
  detail: string;
  time: number;
  /** As it was read; not of a type we know where the reason is `bad_event`. */
  event: unknown;
}

export type DeadLetterReason = 'conflict' | 'forbidden' | 'bad_event' | 'failed';

/** The topics of the log and what each holds. The key decides the partition: events of one key keep their order. */
export interface LogTopics {
  /** Key: conversation_id. */
  messages: ChatEvent | RecallEvent;
  /** Key: user_id. */
  receipts: CursorEvent | InboxCursorEvent;
  /** Key: that of the event it holds. Nobody consumes it; people do. */
  dead_letters: DeadLetter;
}
export type Topic = keyof LogTopics;
