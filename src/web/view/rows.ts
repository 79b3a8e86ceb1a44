import type { MsgType } from '../../protocol/message.ts';
import { type Mark, markOf, type Outgoing, type Timeline } from '../state/timeline.ts';
import { daysAgo, dayTitle } from './format.ts';

/** Messages of one sender that follow one another within this time form one group. */
const GROUP_MS = 5 * 60_000;

/** A message as the page shows it, whether it is stored or on its way. */
export interface Entry {
  /** The same before and after it is stored, so that it stays the same element of the page. */
  key: string;
  msgId: string;
  seq?: number;
  senderId: string;
  own: boolean;
  msgType: MsgType;
  content: string;
  time: number;
  recalled: boolean;
  /** One's own messages only. */
  mark?: Mark;
  /** What can be tried again. */
  outgoing?: Outgoing;
}

export type Row =
  | { kind: 'day'; key: string; title: string }
  | { kind: 'unread'; key: string }
  | { kind: 'message'; key: string; entry: Entry; first: boolean; last: boolean };

/** The rows of a conversation: days, the line above what was unread, and the messages, grouped by sender. */
export function rowsOf(timeline: Timeline, userId: string, now: number): Row[] {
  const entries = entriesOf(timeline, userId);
  const unreadAt = firstUnread(entries, timeline.unreadAfter);
  const first = entries.map((entry, at) => at === unreadAt || !together(entries[at - 1], entry));
  return entries.flatMap((entry, at): Row[] => {
    const rows: Row[] = [];
    const previous = entries[at - 1];
    if (!previous || daysAgo(previous.time, entry.time) !== 0) {
      rows.push({ kind: 'day', key: `day ${entry.key}`, title: dayTitle(entry.time, now) });
    }
    if (at === unreadAt) rows.push({ kind: 'unread', key: 'unread' });
    const last = first[at + 1] ?? true;
    rows.push({ kind: 'message', key: entry.key, entry, first: first[at] === true, last });
    return rows;
  });
}

/** The index of the first message of another that follows `unreadAfter`; -1 for none. */
function firstUnread(entries: readonly Entry[], unreadAfter: number | null): number {
  if (unreadAfter === null) return -1;
  return entries.findIndex((entry) => !entry.own && entry.seq !== undefined && entry.seq > unreadAfter);
}

function entriesOf(timeline: Timeline, userId: string): Entry[] {
  const stored = timeline.messages.map((message): Entry => {
    const own = message.sender_id === userId;
    return {
      key: `${message.sender_id} ${message.msg_id}`,
      msgId: message.msg_id,
      seq: message.seq,
      senderId: message.sender_id,
      own,
      msgType: message.msg_type,
      content: message.content,
      time: message.send_time,
      recalled: message.recalled === true,
      mark: own && !message.recalled ? markOf(message, timeline.cursors) : undefined,
    };
  });
  return [...stored, ...timeline.outgoing.map((out) => entryOfOutgoing(out, userId))];
}

function entryOfOutgoing(out: Outgoing, userId: string): Entry {
  return {
    key: `${userId} ${out.msgId}`,
    msgId: out.msgId,
    senderId: userId,
    own: true,
    msgType: out.msgType,
    content: out.content,
    time: out.time,
    recalled: false,
    mark: out.stage === 'uploading' ? 'pending' : out.stage,
    outgoing: out,
  };
}

function together(a: Entry | undefined, b: Entry): boolean {
  return a?.senderId === b.senderId && Math.abs(b.time - a.time) < GROUP_MS && daysAgo(a.time, b.time) === 0;
}
