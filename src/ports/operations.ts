import type { InboxHead } from '../protocol/packets.ts';
import type { MemberCursor } from './cursors.ts';
import type { Group } from './groups.ts';
import type { DeadLetterReason, Topic } from './log-events.ts';
import type { StoredMessage } from './messages.ts';

/**
 * What whoever runs seqline may look at and do, past the gateways and workers. Looking changes nothing: no consumer
 * group moves, nothing is begun. A server out of reach throws `StoreUnavailable`; each method asks only what it needs.
 */
export interface Operations extends AsyncDisposable {
  /** By topic and partition. */
  lag(): Promise<PartitionPlace[]>;

  /** The dead letters from this offset on, or the newest, in order of offset. */
  deadLetters(from: number | 'newest', limit: number): Promise<DeadLetterPage>;

  /** Appends the letter's event to its topic once more. Resolves when it is durable. Throws where `replayTo` is null. */
  replay(letter: BuriedEvent): Promise<void>;

  /** Empty for a user who is offline. */
  routes(userId: string): Promise<RouteState[]>;

  /** Undefined where the user has no inbox. */
  inbox(userId: string): Promise<InboxState | undefined>;

  /**
   * Loses the inbox as a whole, as it may be lost at any time, and begins a new epoch. Clients see that by the next
   * heartbeat or pull and begin from their conversations; messages are in the timeline and stay.
   */
  rebuildInbox(userId: string): Promise<InboxHead>;

  /** Undefined where there is no such conversation. */
  conversation(conversationId: string, messagesMax: number): Promise<ConversationState | undefined>;
}

export interface PartitionPlace {
  topic: string;
  partition: number;
  /** The next offset that a worker would read; null where none has ever been done with. */
  committed: number | null;
  /** The offset that the next event will get. */
  end: number;
  lag: number;
  /** How long ago the first event was appended that no worker is done with; null where there is none. */
  ageMs: number | null;
}

export interface DeadLetterPage {
  letters: BuriedEvent[];
  /** Where there are more: the offset to go on from. */
  next: number | null;
}

export interface BuriedEvent {
  offset: number;
  key: string;
  /** When it was buried, ms since 1970. */
  time: number;
  /** `unreadable`: the record itself is no dead letter. */
  reason: DeadLetterReason | 'unreadable';
  detail: string;
  /** As it was read from its topic, content included: for nobody's eyes unless asked for. */
  event: unknown;
  /** Of the event; null where it is of no kind we know. */
  kind: string | null;
  /** Where a replay appends it; null where nobody can tell. */
  replayTo: Exclude<Topic, 'dead_letters'> | null;
}

export interface RouteState {
  device_id: string;
  gateway_id: string;
  session_id: string;
  /** Ms since 1970, by the registry's clock, as `now`. */
  since: number;
  expires_at: number;
  /** The gateway's last sign of life; null where it is not known, as after it ended. */
  gateway_seen_at: number | null;
  now: number;
}

export interface InboxState extends InboxHead {
  /** Messages that it holds. */
  length: number;
}

export interface ConversationState {
  conversation_id: string;
  /** Of a group. */
  group: Group | null;
  /** Of the timeline: the truth. */
  head_seq: number;
  /** The sequencer's; null where it has forgotten, and takes it from the timeline with the next message. */
  counter: number | null;
  /** None of a group that is too large to look at. */
  cursors: MemberCursor[];
  /** The newest, in order of seq; content never leaves the timeline. */
  messages: Omit<StoredMessage, 'content' | 'content_digest'>[];
}
