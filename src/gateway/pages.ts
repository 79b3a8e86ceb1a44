import type { ConversationRow, ListPosition, MemberCursor } from '../ports/cursors.ts';
import type { Inbox } from '../ports/inbox.ts';
import {
  byConversation,
  reached,
  STATUS_MEMBERS_MAX,
  statusOf,
  toMessage,
  unreadCount,
} from '../ports/message-view.ts';
import type { PageRequest, StoredMessage } from '../ports/messages.ts';
import type { Timeline } from '../ports/timeline.ts';
import { conversationType } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { ConversationSummary, ConversationsPage, InboxHead } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import { conversationAccess } from './access.ts';
import type { Gateway } from './gateway-state.ts';

/** What of a page's frame is not messages, generously. */
const ENVELOPE_BYTES = 1024;

/** A page as JSON text, because its messages were serialized to measure them. */
export interface Page {
  json: string;
  /** `seq` of the answer. */
  seq: number;
  count: number;
}

export type From = PageRequest['from'];

export function pageLimit(limit: number | null | undefined): number {
  return Math.min(limit ?? LIMITS.pageDefault, LIMITS.pageMax);
}

/** A page of a conversation's messages for one of its members. In a large group many want the same one at a time. */
export async function conversationPage(
  { timeline, sharedPages }: Pick<Gateway, 'timeline' | 'sharedPages'>,
  userId: string,
  conversationId: string,
  from: From,
  limit: number,
): Promise<Page> {
  const { hiddenThrough } = await conversationAccess(timeline, userId, conversationId);
  const request = { conversationId, from, hiddenThrough, limit };
  return await sharedPages(JSON.stringify(request), () => readPage(timeline, request));
}

async function readPage(timeline: Timeline, request: PageRequest): Promise<Page> {
  const { conversationId, from } = request;
  const page = await timeline.page(request);
  const views = await viewsOf(
    timeline,
    page.messages.map((message) => ({ message })),
  );
  const backwards = 'beforeSeq' in from;
  const cut = cutToFrame(views, backwards);
  const last = backwards ? page.messages.at(-1) : page.messages[cut.texts.length - 1];
  const hasMore = page.hasMore || cut.texts.length < views.length;
  return {
    json: `{"conversation_id":${JSON.stringify(conversationId)},"messages":[${cut.texts.join(',')}],"has_more":${hasMore},"head_seq":${page.headSeq}}`,
    seq: last?.seq ?? ('afterSeq' in from ? from.afterSeq : 0),
    count: cut.texts.length,
  };
}

/** A page of the user's inbox after a place in an epoch. */
export async function inboxPage(
  timeline: Timeline,
  inbox: Inbox,
  userId: string,
  epoch: string,
  afterSeq: number,
  limit: number,
): Promise<Page> {
  const read = await inbox.read(userId, epoch, afterSeq, limit);
  const places = read.entries.map(({ message }) => ({
    conversationId: message.conversation_id,
    seq: message.seq,
  }));
  const recalled = new Set(
    (await timeline.recalledAmong(places)).map((place) => `${place.conversationId} ${place.seq}`),
  );
  const views = await viewsOf(
    timeline,
    read.entries.map(({ message, inbox_seq }) => {
      const gone = recalled.has(`${message.conversation_id} ${message.seq}`);
      return { message: gone ? { ...message, content: '', recalled_at: 0 } : message, inboxSeq: inbox_seq };
    }),
  );
  const cut = cutToFrame(views, false);
  const hasMore = read.hasMore || cut.texts.length < views.length;
  return {
    json: `{"inbox":${JSON.stringify(read.head satisfies InboxHead)},"messages":[${cut.texts.join(',')}],"has_more":${hasMore},"resync":${read.resync}}`,
    seq: read.entries[cut.texts.length - 1]?.inbox_seq ?? afterSeq,
    count: cut.texts.length,
  };
}

/** Each message as JSON text, with its status from the cursors of its conversation. */
async function viewsOf(
  timeline: Timeline,
  entries: { message: StoredMessage; inboxSeq?: number }[],
): Promise<string[]> {
  if (entries.length === 0) return [];
  const cursors = await cursorsOf(
    timeline,
    entries.map((entry) => entry.message.conversation_id),
  );
  return entries.map(({ message, inboxSeq }) => {
    const type = conversationType(message.conversation_id)!;
    return JSON.stringify(
      toMessage(message, statusOf(message, type, cursors.get(message.conversation_id)), inboxSeq),
    );
  });
}

async function cursorsOf(
  timeline: Timeline,
  conversationIds: string[],
): Promise<Map<string, MemberCursor[]>> {
  return byConversation(await timeline.memberCursors([...new Set(conversationIds)], STATUS_MEMBERS_MAX));
}

/** As many as fit into a frame, at least one: from the beginning, or where read backwards, from the end. */
function cutToFrame(texts: string[], backwards: boolean): { texts: string[] } {
  let room = LIMITS.pageBytesMax - ENVELOPE_BYTES;
  let count = 0;
  while (count < texts.length) {
    const text = texts[backwards ? texts.length - 1 - count : count]!;
    room -= Buffer.byteLength(text) + 1;
    if (room < 0 && count > 0) break;
    count++;
  }
  return { texts: backwards ? texts.slice(texts.length - count) : texts.slice(0, count) };
}

/** A page of the user's list of conversations. */
export async function conversationsPage(
  timeline: Timeline,
  userId: string,
  cursor: string | null | undefined,
  limit: number,
): Promise<ConversationsPage> {
  const after = cursor == null ? undefined : decodePosition(cursor);
  const rows = await timeline.listConversations(userId, after, limit + 1);
  const shown = rows.slice(0, limit);
  const cursors = await cursorsOf(
    timeline,
    shown.filter((row) => row.lastMessage !== null).map((row) => row.conversation_id),
  );
  const page: ConversationsPage = { conversations: [] };
  let room = LIMITS.pageBytesMax - ENVELOPE_BYTES;
  for (const row of shown) {
    const summary = summaryOf(row, cursors.get(row.conversation_id));
    room -= Buffer.byteLength(JSON.stringify(summary)) + 1;
    if (room < 0 && page.conversations.length > 0) break;
    page.conversations.push(summary);
  }
  const last = shown[page.conversations.length - 1];
  if (last && page.conversations.length < rows.length) page.cursor = encodePosition(last);
  return page;
}

function summaryOf(row: ConversationRow, cursors: MemberCursor[] | undefined): ConversationSummary {
  const { ack, read } = reached(row.cursor);
  const last = row.lastMessage;
  return {
    conversation_id: row.conversation_id,
    type: row.type,
    ...(row.name === null ? {} : { name: row.name }),
    head_seq: row.head_seq,
    ack_seq: ack,
    read_seq: read,
    unread: unreadCount(row.head_seq, row.cursor),
    last_message: last && toMessage(last, statusOf(last, row.type, cursors)),
  };
}

function encodePosition(row: ConversationRow): string {
  return Buffer.from(`${row.last_time} ${row.conversation_id}`).toString('base64url');
}

function decodePosition(cursor: string): ListPosition {
  const match = /^(\d{1,16}) (\S+)$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (!match) throw new Refusal('bad_packet', 'cursor is not one that a page of this list gave.');
  return { lastTime: Number(match[1]), conversationId: match[2]! };
}
