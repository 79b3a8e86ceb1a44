import { CODES } from '../protocol/codes.ts';
import { conversationType, directConversationId, isMsgId, isUserId } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { Message } from '../protocol/message.ts';
import {
  type ChatAnswer,
  CMD,
  type EventOf,
  type InputPacket,
  type OutputPacket,
} from '../protocol/packets.ts';
import { refusalError, type SeqlineError } from './errors.ts';
import { messageId } from './message-id.ts';
import type { OutgoingMessage, SendHandle } from './types.ts';

/** Messages that may wait to be sent or stored; one more is refused here with 429. */
export const OUTGOING_MAX = 10_000;

type Sent = Awaited<SendHandle['sent']>;

interface Entry {
  readonly msgId: string;
  readonly message: OutgoingMessage;
  /** The client's own time of sending, the same in each attempt. */
  readonly clientTime: number;
  readonly sent: PromiseWithResolvers<Sent>;
  readonly stored: PromiseWithResolvers<Message>;
  /** Empty until the own user id, and with it the name of a direct conversation, is known. */
  conversationId: string;
  /** The login under which it was answered. */
  answeredIn: number | undefined;
  readonly handle: SendHandle;
}

interface Queue {
  readonly entries: Entry[];
  draining: boolean;
}

export interface OutgoingOptions {
  /** Asks until there is an answer, across reconnects. */
  ask(packet: () => InputPacket): Promise<OutputPacket>;
  /** To be waited for before a message is sent there. */
  placed(conversationId: string): Promise<void> | undefined;
  now(): number;
}

/**
 * The messages on their way. Each is asked with one and the same `msg_id` until it is answered, and asked again after a
 * reconnect until it was seen stored; the server takes repetitions for one message. A conversation has one unanswered
 * message at a time: with two, a retry of the first could come after the second.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  /** All that are not settled, in the order in which they were given. */
  readonly #entries = new Map<string, Entry>();
  readonly #queues = new Map<string, Queue>();
  #userId: string | undefined;
  #logins = 0;
  #closed: SeqlineError | undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  send(message: OutgoingMessage): SendHandle {
    const msgId = message.msgId ?? messageId(Date.now());
    const pending = this.#entries.get(msgId);
    if (pending && sameMessage(pending.message, message)) return pending.handle;
    const entry = createEntry(msgId, message, this.#options.now());
    const refusal = this.#closed ?? (pending ? conflict() : this.#refusal(entry));
    if (refusal) {
      reject(entry, refusal);
      return entry.handle;
    }
    this.#entries.set(msgId, entry);
    if (this.#userId !== undefined) this.#enqueue(entry, this.#userId);
    return entry.handle;
  }

  /** Each login, before anything is asked under it. */
  loggedIn(userId: string): void {
    this.#logins += 1;
    if (this.#userId !== undefined) return;
    this.#userId = userId;
    for (const entry of [...this.#entries.values()]) this.#enqueue(entry, userId);
  }

  /** A stored message, wherever it came from. It may be the first that is heard of it: the answer can have been lost. */
  seen(message: Message): void {
    const entry = this.#entries.get(message.msg_id);
    if (!entry || message.sender_id !== this.#userId) return;
    if (entry.conversationId !== message.conversation_id) return;
    this.#entries.delete(entry.msgId);
    entry.sent.resolve({ conversationId: message.conversation_id, serverTime: message.send_time });
    entry.stored.resolve(message);
  }

  rejected(event: EventOf<'rejected'>): void {
    const entry = this.#entries.get(event.msg_id);
    if (!entry || entry.conversationId !== event.conversation_id) return;
    this.#entries.delete(entry.msgId);
    reject(entry, refusalError(event.code, { message: event.error }));
  }

  /**
   * Asks again for what an earlier connection answered and nothing that was caught up since has shown: either it is
   * shown now, or the server says why it never will be.
   */
  resendUnseen(): void {
    const unseen = [...this.#entries.values()].filter(
      (entry) => entry.answeredIn !== undefined && entry.answeredIn < this.#logins,
    );
    for (const entry of unseen.reverse()) {
      entry.answeredIn = undefined;
      this.#queue(entry.conversationId).entries.unshift(entry);
    }
    for (const id of new Set(unseen.map((entry) => entry.conversationId))) void this.#drain(id);
  }

  /** Rejects all that is under way, and all that will be given. */
  close(error: SeqlineError): void {
    this.#closed = error;
    for (const entry of this.#entries.values()) reject(entry, error);
    this.#entries.clear();
    this.#queues.clear();
  }

  #refusal(entry: Entry): SeqlineError | undefined {
    if (this.#entries.size >= OUTGOING_MAX) {
      return refusalError(CODES.rate_limited.code, { message: 'Too many messages wait to be sent.' });
    }
    return invalid(entry);
  }

  #enqueue(entry: Entry, userId: string): void {
    const { conversationId, to } = entry.message;
    entry.conversationId = conversationId ?? directConversationId(userId, to!);
    this.#queue(entry.conversationId).entries.push(entry);
    void this.#drain(entry.conversationId);
  }

  #queue(conversationId: string): Queue {
    const queue = this.#queues.get(conversationId) ?? { entries: [], draining: false };
    this.#queues.set(conversationId, queue);
    return queue;
  }

  async #drain(conversationId: string): Promise<void> {
    const queue = this.#queue(conversationId);
    if (queue.draining) return;
    queue.draining = true;
    for (let entry = queue.entries.shift(); entry; entry = queue.entries.shift()) {
      // It may have been seen stored, or been rejected, while it waited.
      if (this.#entries.get(entry.msgId) === entry) await this.#ask(entry);
    }
    queue.draining = false;
    if (this.#queues.get(conversationId) === queue) this.#queues.delete(conversationId);
  }

  async #ask(entry: Entry): Promise<void> {
    try {
      const placed = this.#options.placed(entry.conversationId);
      if (placed) await placed;
      const answer = await this.#options.ask(() => chatPacket(entry));
      const { conversation_id, server_time } = answer.payload as ChatAnswer;
      entry.answeredIn = this.#logins;
      entry.sent.resolve({ conversationId: conversation_id, serverTime: server_time });
    } catch (error) {
      if (this.#entries.get(entry.msgId) === entry) this.#entries.delete(entry.msgId);
      reject(entry, error);
    }
  }
}

function createEntry(msgId: string, message: OutgoingMessage, clientTime: number): Entry {
  const sent = Promise.withResolvers<Sent>();
  const stored = Promise.withResolvers<Message>();
  // An application may await one of the two alone, or neither: the other's rejection must not end its process.
  sent.promise.catch(() => undefined);
  stored.promise.catch(() => undefined);
  const handle = {
    msgId,
    sent: sent.promise,
    stored: stored.promise,
    get conversationId() {
      return entry.conversationId;
    },
  };
  const conversationId = message.conversationId ?? '';
  const entry: Entry = {
    msgId,
    message,
    clientTime,
    sent,
    stored,
    conversationId,
    answeredIn: undefined,
    handle,
  };
  return entry;
}

function reject(entry: Entry, error: unknown): void {
  entry.sent.reject(error);
  entry.stored.reject(error);
}

function chatPacket({ msgId, message, conversationId, clientTime }: Entry): InputPacket {
  const payload = {
    conversation_id: conversationId,
    content: message.content,
    ...(message.msgType === undefined ? {} : { msg_type: message.msgType }),
    send_time: clientTime,
  };
  const { traceparent } = message;
  return { cmd: CMD.chat, msg_id: msgId, payload, ...(traceparent === undefined ? {} : { traceparent }) };
}

function sameMessage(a: OutgoingMessage, b: OutgoingMessage): boolean {
  return (
    a.conversationId === b.conversationId &&
    a.to === b.to &&
    a.content === b.content &&
    (a.msgType ?? 1) === (b.msgType ?? 1)
  );
}

function conflict(): SeqlineError {
  return refusalError(CODES.conflict.code, { message: 'Another message with this id is on its way.' });
}

/**
 * What the server would refuse in any case is refused here: ten such packets in a row would end the whole session, and
 * a text that is too long may make a frame that does.
 */
function invalid({ msgId, message }: Entry): SeqlineError | undefined {
  const bad = (text: string) => refusalError(CODES.bad_packet.code, { message: text });
  const { conversationId, to, content } = message;
  if (!isMsgId(msgId)) return bad('msgId must be 1 to 64 characters of A-Z a-z 0-9 _ . : -');
  if ((conversationId === undefined) === (to === undefined)) return bad('Give either conversationId or to.');
  if (to !== undefined && !isUserId(to)) return bad('to is no user id.');
  if (conversationId !== undefined && !conversationType(conversationId)) {
    return bad('conversationId is neither a direct conversation nor a group.');
  }
  if (content === '' || !content.isWellFormed()) return bad('content must be well-formed and not empty.');
  if (new TextEncoder().encode(content).length <= LIMITS.textBytesMax) return undefined;
  return refusalError(CODES.too_large.code, { message: 'content is too long.' });
}
