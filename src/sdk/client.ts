import type { Message } from '../protocol/message.ts';
import {
  CMD,
  type LoginAnswer,
  type OutputPacket,
  type Presence,
  type ServerEvent,
} from '../protocol/packets.ts';
import { Asker } from './asker.ts';
import { type ConnectionEnd, isStoredMessage } from './connection.ts';
import { memoryStore } from './cursor-store.ts';
import { Delivery } from './delivery.ts';
import { Emitter } from './emitter.ts';
import { CLOSE_NORMAL, closedError, isClosed } from './errors.ts';
import { createHttp } from './http.ts';
import { randomId } from './message-id.ts';
import { Outgoing } from './outgoing.ts';
import { createReconnectPolicy, RECONNECT_DEFAULTS } from './reconnect-policy.ts';
import { type Ask, pullAfter, pullBefore } from './requests.ts';
import { Session } from './session.ts';
import { Pauses, realTimers } from './timers.ts';
import { TokenSource } from './token-source.ts';
import type {
  ClientEvents,
  ClientOptions,
  ConnectionState,
  ConversationState,
  CursorStore,
  History,
  HttpApi,
  OutgoingMessage,
  SendHandle,
  SeqlineClient,
} from './types.ts';
import { Watching } from './watching.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const DEVICE_KEY = 'device_id';
const HISTORY_LIMIT = 50;

/** A client of one user on one device. It does nothing until `connect()`. */
export function createClient(options: ClientOptions): SeqlineClient {
  return new Client(options);
}

class Client implements SeqlineClient {
  readonly deviceId: string;
  readonly http: HttpApi;

  readonly #emitter = new Emitter();
  readonly #pauses = new Pauses(realTimers);
  readonly #session: Session;
  readonly #ask: Ask;
  readonly #outgoing: Outgoing;
  readonly #delivery: Delivery;
  readonly #watching: Watching;
  #userId: string | undefined;
  #started = false;

  constructor(options: ClientOptions) {
    const store = options.store ?? memoryStore();
    const random = options.random ?? Math.random;
    const url = options.url.replace(/\/+$/, '');
    const tokens = new TokenSource(options.token);
    const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.deviceId = options.deviceId ?? keptDeviceId(store);
    this.http = createHttp({ url, tokens, timeoutMs });
    this.#session = this.#createSession(options, { url, tokens, timeoutMs, random });
    const askerOptions = { online: () => this.#session.online(), pauses: this.#pauses, random };
    const asker = new Asker(askerOptions);
    // Acks are answered once they are stored; sends must not wait behind them.
    const ackAsker = new Asker(askerOptions);
    this.#ask = (packet) => asker.ask(packet);
    this.#outgoing = new Outgoing({
      ask: this.#ask,
      placed: (id) => this.#delivery.placed(id),
      now: realTimers.now,
    });
    this.#watching = new Watching(this.#ask);
    this.#delivery = new Delivery({
      ask: this.#ask,
      askAck: (packet) => ackAsker.ask(packet),
      store,
      pauses: this.#pauses,
      emitter: this.#emitter,
      autoAck: options.autoAck ?? true,
      onSeen: (message) => this.#outgoing.seen(message),
      onSynced: () => this.#outgoing.resendUnseen(),
      onError: (error) => this.#report(error),
    });
  }

  get userId(): string | undefined {
    return this.#userId;
  }

  get state(): ConnectionState {
    return this.#session.state;
  }

  get conversations(): ConversationState[] {
    return this.#delivery.conversations;
  }

  async connect(): Promise<void> {
    if (!this.#started) {
      this.#started = true;
      void this.#session.run();
    }
    await this.#session.online();
  }

  async close(): Promise<void> {
    // What was delivered and not yet acknowledged is told on the way out; the sender's marks would lag else.
    for (const packet of this.#delivery.stop()) this.#session.current?.post(packet);
    const closed = this.#session.close();
    this.#stop(CLOSE_NORMAL, 'The client was closed.');
    await closed;
  }

  reconnectNow(): void {
    this.#session.reconnectNow();
  }

  send(message: OutgoingMessage): SendHandle {
    return this.#outgoing.send(message);
  }

  async history(
    conversationId: string,
    {
      afterSeq,
      beforeSeq,
      limit = HISTORY_LIMIT,
    }: { afterSeq?: number; beforeSeq?: number; limit?: number } = {},
  ): Promise<History> {
    const page =
      afterSeq === undefined
        ? await pullBefore(this.#ask, conversationId, beforeSeq ?? Number.MAX_SAFE_INTEGER, limit)
        : await pullAfter(this.#ask, conversationId, afterSeq, limit);
    for (const message of page.messages) this.#outgoing.seen(message);
    return { messages: page.messages, hasMore: page.has_more, headSeq: page.head_seq };
  }

  async markRead(conversationId: string, seq: number): Promise<void> {
    const payload = { conversation_id: conversationId, type: 'read' };
    await this.#ask(() => ({ cmd: CMD.ack, seq, payload }));
    this.#delivery.markedRead(conversationId, seq);
  }

  async recall(conversationId: string, seq: number): Promise<void> {
    await this.#ask(() => ({ cmd: CMD.recall, payload: { conversation_id: conversationId, seq } }));
  }

  typing(conversationId: string, typing: boolean): void {
    const payload = { type: 'typing', conversation_id: conversationId, typing };
    this.#session.current?.post({ cmd: CMD.signal, payload });
  }

  watch(userIds: string[]): Promise<Presence[]> {
    return this.#watching.replace(userIds);
  }

  on<K extends keyof ClientEvents>(event: K, listener: (value: ClientEvents[K]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  #createSession(
    options: ClientOptions,
    parts: { url: string; tokens: TokenSource; timeoutMs: number; random: () => number },
  ): Session {
    return new Session({
      socketUrl: `${parts.url.replace(/^http/, 'ws')}/ws`,
      WebSocket: options.WebSocket ?? globalThis.WebSocket,
      token: () => parts.tokens.next(),
      tokenIsFixed: parts.tokens.isFixed,
      deviceId: this.deviceId,
      platform: options.platform,
      requestTimeoutMs: parts.timeoutMs,
      policy: createReconnectPolicy({ ...RECONNECT_DEFAULTS, ...options.reconnect }, parts.random),
      timers: realTimers,
      onState: (change) => this.#emitter.emit('state', change),
      onLogin: (login) => this.#loggedIn(login),
      onPacket: (packet) => this.#receive(packet),
      onInboxHead: (head) => this.#delivery.head(head),
      onRefused: (end) => this.#refused(end),
      onError: (error) => this.#report(error),
    });
  }

  #loggedIn(login: LoginAnswer): void {
    this.#userId = login.user_id;
    // Before anything is sent, the list of conversations is asked for.
    this.#delivery.loggedIn(login);
    this.#outgoing.loggedIn(login.user_id);
    void this.#watchAgain();
  }

  async #watchAgain(): Promise<void> {
    try {
      for (const presence of await this.#watching.again()) this.#emitter.emit('presence', presence);
    } catch (error) {
      this.#report(error);
    }
  }

  #receive(packet: OutputPacket): void {
    if (isStoredMessage(packet)) this.#delivery.pushed(packet.payload as Message);
    if (packet.cmd !== CMD.event) return;
    const event = packet.payload as ServerEvent;
    this.#apply(event);
    this.#forward(event);
  }

  /** What an event changes in the client itself, before the application hears of it. */
  #apply(event: ServerEvent): void {
    if (event.type === 'receipt') this.#delivery.receipt(event);
    if (event.type === 'member') this.#delivery.member(event);
    if (event.type === 'recall') this.#delivery.recall(event);
    if (event.type === 'rejected') this.#outgoing.rejected(event);
    if (event.type === 'resync') this.#delivery.resync();
    if (event.type === 'drain') this.#session.drain(event);
  }

  #forward(event: ServerEvent): void {
    switch (event.type) {
      case 'receipt':
      case 'member':
      case 'typing':
      case 'presence':
      case 'recall':
      case 'rejected':
        this.#emitter.emit(event.type, event);
        break;
      default:
      // `resync` and `drain` are the client's own affair, after `kicked` follows a close that says more, and what a newer
      // server adds is not meant for this client.
    }
  }

  #refused({ code, reason }: ConnectionEnd): void {
    this.#delivery.stop();
    this.#stop(code, reason);
    this.#emitter.emit('closed', { code, reason });
  }

  #stop(code: number, reason: string): void {
    this.#outgoing.close(closedError(code, reason));
    this.#pauses.wakeAll();
  }

  #report(error: unknown): void {
    if (isClosed(error)) return;
    this.#emitter.emit('error', error instanceof Error ? error : new Error(String(error)));
  }
}

/** The id under which this device is known: made once, and kept as long as the store is. */
function keptDeviceId(store: CursorStore): string {
  const kept = store.get(DEVICE_KEY);
  if (kept !== null) return kept;
  const made = `d-${randomId()}`;
  store.set(DEVICE_KEY, made);
  return made;
}
