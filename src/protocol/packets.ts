import type { ConversationType } from './ids.ts';
import type { Message } from './message.ts';
import type { RefusalPayload } from './refusal.ts';

/** `cmd` of a packet. The numbers 0 to 4 come from the original specification and never change. */
export const CMD = {
  heartbeat: 0,
  login: 1,
  chat: 2,
  pull: 3,
  ack: 4,
  event: 5,
  signal: 6,
  recall: 7,
} as const;
export type Cmd = (typeof CMD)[keyof typeof CMD];

/** `cmd` of the answer to a packet whose own `cmd` is not an integer. */
export const CMD_UNKNOWN = -1;

/** Client to server. The payloads are in `requests.ts`. */
export interface InputPacket {
  cmd: number;
  msg_id?: string;
  seq?: number;
  payload?: unknown;
  /** Where in the client's own trace the packet belongs, in the form of the W3C's Trace Context; another form is ignored. */
  traceparent?: string;
}

/** Server to client. */
export interface OutputPacket<P = unknown> {
  cmd: number;
  code: number;
  msg_id?: string;
  seq?: number;
  payload?: P;
}

export type RefusedPacket = OutputPacket<RefusalPayload>;

/** Where a user's inbox stands: a new `epoch` means that numbers started over. */
export interface InboxHead {
  epoch: string;
  seq: number;
}

export interface LoginAnswer {
  user_id: string;
  device_id: string;
  session_id: string;
  server_time: number;
  heartbeat_ms: number;
  inbox: InboxHead;
}

export interface HeartbeatAnswer {
  server_time: number;
  inbox: InboxHead;
}

export interface ChatAnswer {
  conversation_id: string;
  server_time: number;
}

export interface MessagesPage {
  conversation_id: string;
  messages: Message[];
  has_more: boolean;
  head_seq: number;
}

export interface InboxPage {
  inbox: InboxHead;
  messages: Message[];
  has_more: boolean;
  resync: boolean;
}

export interface ConversationSummary {
  conversation_id: string;
  type: ConversationType;
  /** A group's name. */
  name?: string;
  head_seq: number;
  ack_seq: number;
  read_seq: number;
  unread: number;
  last_message: Message | null;
}

export interface ConversationsPage {
  conversations: ConversationSummary[];
  cursor?: string;
}

export interface Presence {
  user_id: string;
  online: boolean;
  /** Milliseconds since 1970; null for somebody who was not seen yet. */
  last_seen: number | null;
}

export type Role = 'owner' | 'admin' | 'member';
export type MemberChange =
  | 'created'
  | 'joined'
  | 'left'
  | 'removed'
  | 'role'
  | 'muted'
  | 'updated'
  | 'dissolved';

export interface ReceiptEvent {
  type: 'receipt';
  conversation_id: string;
  user_id: string;
  ack_seq: number;
  read_seq: number;
}

export interface MemberEvent {
  type: 'member';
  conversation_id: string;
  change: MemberChange;
  /** Whom it concerns; absent for created, updated and dissolved. */
  user_id?: string;
  by: string;
  role?: Role;
  muted_until?: number | null;
}

export interface RejectedEvent {
  type: 'rejected';
  msg_id: string;
  conversation_id: string;
  code: number;
  error: string;
}

export type ServerEvent =
  | ReceiptEvent
  | MemberEvent
  | { type: 'typing'; conversation_id: string; user_id: string; typing: boolean }
  | ({ type: 'presence' } & Presence)
  | { type: 'recall'; conversation_id: string; seq: number; by: string }
  | RejectedEvent
  | { type: 'resync' }
  | { type: 'kicked'; reason: string }
  | { type: 'drain'; reconnect_after_ms: number };

export type EventType = ServerEvent['type'];
export type EventOf<T extends EventType> = Extract<ServerEvent, { type: T }>;

export interface GroupView {
  group_id: string;
  name: string;
  owner_id: string;
  history: 'all' | 'joined';
  member_count: number;
  created_at: number;
}

export interface GroupMemberView {
  user_id: string;
  role: Role;
  join_time: number;
  join_seq: number;
  muted_until?: number;
}
