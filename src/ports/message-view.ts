import { hash } from 'node:crypto';
import type { ConversationType } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import { type Message, type MessageStatus, STATUS } from '../protocol/message.ts';
import type { MemberCursor } from './cursors.ts';
import type { StoredMessage } from './messages.ts';

/** The message as clients see it. */
export function toMessage(stored: StoredMessage, status: MessageStatus, inboxSeq?: number): Message {
  const message: Message = {
    conversation_id: stored.conversation_id,
    seq: stored.seq,
    msg_id: stored.msg_id,
    sender_id: stored.sender_id,
    msg_type: stored.msg_type,
    content: stored.recalled_at === null ? stored.content : '',
    send_time: stored.send_time,
    status,
  };
  if (stored.client_time !== null) message.client_time = stored.client_time;
  if (inboxSeq !== undefined) message.inbox_seq = inboxSeq;
  if (stored.recalled_at !== null) message.recalled = true;
  return message;
}

/** How far a member has received and read: what the client said, or what follows from having sent. */
export function reached(cursor: MemberCursor): { ack: number; read: number } {
  const read = Math.max(cursor.read_seq, cursor.own_seq);
  return { ack: Math.max(cursor.ack_seq, read), read };
}

/** Messages by others after what the member has read: exact, because numbers have no gaps and sending is reading. */
export function unreadCount(headSeq: number, cursor: MemberCursor): number {
  return Math.max(0, headSeq - Math.max(cursor.read_seq, cursor.join_seq, cursor.own_seq));
}

/**
 * A message's status from its conversation's cursors. In a direct conversation, how far the peer has come (to oneself:
 * read). In a small group, of the others who joined before it: delivered once any has received it, read once all have
 * read it, or where there is none. In a larger group (no cursors are given) always sent.
 */
export function statusOf(
  message: Pick<StoredMessage, 'seq' | 'sender_id'>,
  type: ConversationType,
  cursors: MemberCursor[] | undefined,
): MessageStatus {
  if (!cursors) return STATUS.sent;
  let received = false;
  let allRead = true;
  for (const cursor of cursors) {
    if (cursor.user_id === message.sender_id) continue;
    if (type === 'group' && cursor.join_seq >= message.seq) continue;
    const { ack, read } = reached(cursor);
    if (ack >= message.seq) received = true;
    if (read < message.seq) allRead = false;
  }
  if (allRead) return STATUS.read;
  return received ? STATUS.delivered : STATUS.sent;
}

/** Cursors by conversation, as `statusOf` wants them. */
export function byConversation(cursors: MemberCursor[]): Map<string, MemberCursor[]> {
  const map = new Map<string, MemberCursor[]>();
  for (const cursor of cursors) {
    const list = map.get(cursor.conversation_id);
    if (list) list.push(cursor);
    else map.set(cursor.conversation_id, [cursor]);
  }
  return map;
}

/** Tells whether a message sent again is the same one, also after the first was recalled. */
export function contentDigest(message: { msg_type: number; content: string }): string {
  return hash('sha256', `${message.msg_type}\n${message.content}`, 'base64url');
}

/** Members above which a group's cursors are not looked at. */
export const STATUS_MEMBERS_MAX = LIMITS.smallGroupMembers;
