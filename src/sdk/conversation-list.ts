import { type Message, type MessageStatus, STATUS } from '../protocol/message.ts';
import type { ConversationSummary, EventOf } from '../protocol/packets.ts';
import type { ConversationState } from './types.ts';

interface Row {
  state: ConversationState;
  /** Everything up to here counts as read: the read cursor, one's own last message, or where one joined. */
  readTo: number;
  /** When something happened last; of a conversation without messages, where the server's list had it. */
  activity: number;
}

/**
 * The user's conversations, as the server listed them and as what was delivered since changed them. Every change only
 * moves numbers forward, so a list that is older than a push which overtook it undoes nothing.
 */
export class ConversationList {
  readonly #onChange: () => void;
  readonly #rows = new Map<string, Row>();
  #sorted: ConversationState[] | undefined;
  #userId: string | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** By last activity, newest first. The same array until something changes. */
  get all(): ConversationState[] {
    this.#sorted ??= [...this.#rows.values()]
      .sort((a, b) => b.activity - a.activity || (a.state.conversation_id < b.state.conversation_id ? -1 : 1))
      .map((row) => row.state);
    return this.#sorted;
  }

  ids(): string[] {
    return [...this.#rows.keys()];
  }

  get(id: string): ConversationState | undefined {
    return this.#rows.get(id)?.state;
  }

  loggedIn(userId: string): void {
    this.#userId = userId;
  }

  /** `activity` places a conversation that has no message. */
  merge(summary: ConversationSummary, activity: number): void {
    const known = this.#rows.get(summary.conversation_id);
    const readTo = Math.max(known?.readTo ?? 0, summary.head_seq - summary.unread);
    if (!known) {
      this.#put({ state: { ...summary }, readTo, activity: activityOf(summary.last_message) ?? activity });
      return;
    }
    const last = laterMessage(known.state.last_message, summary.last_message);
    const state = {
      ...summary,
      head_seq: Math.max(known.state.head_seq, summary.head_seq),
      ack_seq: Math.max(known.state.ack_seq, summary.ack_seq),
      read_seq: Math.max(known.state.read_seq, summary.read_seq),
      last_message: last,
    };
    this.#put({ state, readTo, activity: activityOf(last) ?? known.activity });
  }

  delivered(message: Message): void {
    const row = this.#rows.get(message.conversation_id);
    if (!row) return;
    const own = message.sender_id === this.#userId;
    const last = laterMessage(row.state.last_message, message);
    const state = { ...row.state, head_seq: Math.max(row.state.head_seq, message.seq), last_message: last };
    if (own) {
      // Sending is reading.
      state.ack_seq = Math.max(state.ack_seq, message.seq);
      state.read_seq = Math.max(state.read_seq, message.seq);
    }
    const readTo = own ? Math.max(row.readTo, message.seq) : row.readTo;
    this.#put({ state, readTo, activity: activityOf(last) ?? row.activity });
  }

  /** One's own cursors, moved here or on another device. */
  cursors(id: string, ackSeq: number, readSeq: number): void {
    const row = this.#rows.get(id);
    if (!row) return;
    const state = {
      ...row.state,
      ack_seq: Math.max(row.state.ack_seq, ackSeq, readSeq),
      read_seq: Math.max(row.state.read_seq, readSeq),
    };
    this.#put({ ...row, state, readTo: Math.max(row.readTo, readSeq) });
  }

  receipt(event: EventOf<'receipt'>): void {
    if (event.user_id === this.#userId) this.cursors(event.conversation_id, event.ack_seq, event.read_seq);
    this.#changeLast(event.conversation_id, (last) => {
      if (last.sender_id === event.user_id) return last;
      const status = statusAfter(last, event);
      return status === last.status ? last : { ...last, status };
    });
  }

  recall(event: EventOf<'recall'>): void {
    this.#changeLast(event.conversation_id, (last) =>
      last.seq === event.seq ? { ...last, content: '', recalled: true } : last,
    );
  }

  remove(id: string): void {
    if (!this.#rows.delete(id)) return;
    this.#changed();
  }

  #changeLast(id: string, change: (last: Message) => Message): void {
    const row = this.#rows.get(id);
    const last = row?.state.last_message;
    if (!row || !last) return;
    const changed = change(last);
    if (changed !== last) this.#put({ ...row, state: { ...row.state, last_message: changed } });
  }

  #put(row: Row): void {
    row.state.unread = Math.max(0, row.state.head_seq - row.readTo);
    this.#rows.set(row.state.conversation_id, row);
    this.#changed();
  }

  #changed(): void {
    this.#sorted = undefined;
    this.#onChange();
  }
}

function activityOf(last: Message | null): number | undefined {
  return last?.send_time;
}

/** The later of two; of one and the same, what either knows more of: its status and its recall. */
function laterMessage(a: Message | null, b: Message | null): Message | null {
  if (!a || !b) return a ?? b;
  if (a.seq !== b.seq) return a.seq > b.seq ? a : b;
  const status = Math.max(a.status, b.status) as MessageStatus;
  return { ...(a.recalled ? a : b), status };
}

/**
 * The status of a message after the receipt of a member who did not send it. In a group it cannot be told from one
 * member's receipt whether all have read: that comes with the next list.
 */
function statusAfter(last: Message, event: EventOf<'receipt'>): MessageStatus {
  const direct = last.conversation_id.startsWith('p2p:');
  if (direct && event.read_seq >= last.seq) return STATUS.read;
  return event.ack_seq >= last.seq && last.status < STATUS.delivered ? STATUS.delivered : last.status;
}
