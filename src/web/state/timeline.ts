import { directMembers } from '../../protocol/ids.ts';
import { type Message, type MsgType, STATUS } from '../../protocol/message.ts';

/** A message of this page that has no place in its conversation yet. */
export interface Outgoing {
  msgId: string;
  conversationId: string;
  msgType: MsgType;
  content: string;
  /** Milliseconds since 1970, by this computer's clock. */
  time: number;
  stage: 'uploading' | 'pending' | 'sent' | 'failed';
  /** Why it failed, as a sentence. */
  problem?: string;
}

/** How far a member has come, as receipts tell. */
export interface Cursor {
  ack: number;
  read: number;
}

/** The part of a conversation that this page holds: its newest messages without a hole, and what is on its way. */
export interface Timeline {
  phase: 'loading' | 'ready' | 'failed';
  problem?: string;
  messages: readonly Message[];
  outgoing: readonly Outgoing[];
  hasMore: boolean;
  loadingOlder: boolean;
  cursors: Readonly<Record<string, Cursor>>;
  /** What follows this `seq` was unread when the conversation was opened; null where nothing was. */
  unreadAfter: number | null;
}

export type Mark = 'pending' | 'sent' | 'stored' | 'delivered' | 'read' | 'failed';

export function emptyTimeline(): Timeline {
  return {
    phase: 'loading',
    messages: [],
    outgoing: [],
    hasMore: false,
    loadingOlder: false,
    cursors: {},
    unreadAfter: null,
  };
}

/**
 * Takes messages in, whatever their order and however often they come. A copy never takes back what another told:
 * a status only rises, and a recalled message stays recalled.
 */
export function withMessages(timeline: Timeline, more: readonly Message[], userId: string): Timeline {
  const bySeq = new Map(timeline.messages.map((message) => [message.seq, message]));
  const arrived = new Set<string>();
  for (const message of more) {
    const known = bySeq.get(message.seq);
    bySeq.set(message.seq, known ? newer(known, message) : message);
    if (message.sender_id === userId) arrived.add(message.msg_id);
  }
  return {
    ...timeline,
    messages: [...bySeq.values()].sort((a, b) => a.seq - b.seq),
    outgoing: timeline.outgoing.filter((out) => !arrived.has(out.msgId)),
    cursors: withSenders(timeline.cursors, more),
  };
}

function newer(known: Message, message: Message): Message {
  if (known.recalled) return known;
  return message.status >= known.status ? message : { ...message, status: known.status };
}

/** Sending is reading, and no receipt tells of it. */
function withSenders(cursors: Timeline['cursors'], messages: readonly Message[]): Timeline['cursors'] {
  return messages.reduce(
    (all, { sender_id, seq }) => advanced(all, sender_id, { ack: seq, read: seq }),
    cursors,
  );
}

export function withReceipt(timeline: Timeline, userId: string, cursor: Cursor): Timeline {
  const cursors = advanced(timeline.cursors, userId, cursor);
  return cursors === timeline.cursors ? timeline : { ...timeline, cursors };
}

function advanced(cursors: Timeline['cursors'], userId: string, { ack, read }: Cursor): Timeline['cursors'] {
  const known = cursors[userId];
  if (known && known.ack >= ack && known.read >= read) return cursors;
  return {
    ...cursors,
    [userId]: { ack: Math.max(known?.ack ?? 0, ack), read: Math.max(known?.read ?? 0, read) },
  };
}

export function withRecall(timeline: Timeline, seq: number): Timeline {
  return {
    ...timeline,
    messages: timeline.messages.map((message) =>
      message.seq === seq ? { ...message, content: '', recalled: true } : message,
    ),
  };
}

/** Adds a message on its way, or changes the one with the same id. One that was stored meanwhile is left alone. */
export function withOutgoing(timeline: Timeline, out: Outgoing, userId: string): Timeline {
  if (timeline.messages.some((message) => message.msg_id === out.msgId && message.sender_id === userId)) {
    return timeline;
  }
  const known = timeline.outgoing.some(({ msgId }) => msgId === out.msgId);
  const outgoing = known
    ? timeline.outgoing.map((other) => (other.msgId === out.msgId ? out : other))
    : [...timeline.outgoing, out];
  // Whoever writes has seen what was new.
  return { ...timeline, outgoing, unreadAfter: known ? timeline.unreadAfter : null };
}

export function withoutOutgoing(timeline: Timeline, msgId: string): Timeline {
  return { ...timeline, outgoing: timeline.outgoing.filter((out) => out.msgId !== msgId) };
}

/** Forgets all but the newest messages; they are fetched again where somebody scrolls up. */
export function trimmed(timeline: Timeline, keep: number): Timeline {
  if (timeline.messages.length <= keep) return timeline;
  return { ...timeline, messages: timeline.messages.slice(-keep), hasMore: true };
}

/**
 * The mark of one's own stored message. Between two people the other's cursor tells; in a group a cursor tells that
 * somebody has it, and only the server's status that everybody has read it.
 */
export function markOf(message: Message, cursors: Timeline['cursors']): Mark {
  const others = Object.entries(cursors).filter(([userId]) => userId !== message.sender_id);
  const direct = directMembers(message.conversation_id) !== undefined;
  if (message.status === STATUS.read) return 'read';
  if (direct && others.some(([, { read }]) => read >= message.seq)) return 'read';
  if (message.status === STATUS.delivered) return 'delivered';
  return others.some(([, { ack }]) => ack >= message.seq) ? 'delivered' : 'stored';
}
