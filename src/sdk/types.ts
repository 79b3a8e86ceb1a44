import type { RefusalName } from '../protocol/codes.ts';
import type { Message, MsgType } from '../protocol/message.ts';
import type { ConversationSummary, EventOf, Presence } from '../protocol/packets.ts';

/** What a client is made of; only `url` and `token` are required. */
export interface ClientOptions {
  /** Base URL of a gateway or an ingress: `https://chat.example.com`. The socket is `/ws` under it. */
  url: string;
  /** A JWT, or a function that fetches one: called at each login, so that an expired token is replaced. */
  token: string | (() => string | Promise<string>);
  /** Names this device; the same id logged in again takes over. Default: made once and kept in `store`. */
  deviceId?: string;
  platform?: string;
  /** Keeps cursors between runs. Default: memory. */
  store?: CursorStore;
  /** Default: the runtime's own `WebSocket`. */
  WebSocket?: typeof WebSocket;
  /** Acknowledge as delivered what was handed to the application. Default true. */
  autoAck?: boolean;
  /** How long nothing may arrive while an answer is waited for, before the connection counts as dead. Default 10,000. */
  requestTimeoutMs?: number;
  reconnect?: Partial<ReconnectOptions>;
  /** Injected in tests. */
  random?: () => number;
}

export interface ReconnectOptions {
  /** The first delay is drawn from [0, baseMs), each next from twice as much, up to `maxMs` (full jitter). */
  baseMs: number;
  maxMs: number;
}

/** Where a client keeps what it must know after a restart. Values are JSON texts; a lost store costs pulls, no message. */
export interface CursorStore {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export type ConnectionState = 'offline' | 'connecting' | 'online' | 'waiting' | 'closed';

export interface OutgoingMessage {
  /** Either this or `to`. */
  conversationId?: string;
  /** A user id: the direct conversation with that user. */
  to?: string;
  content: string;
  /** 1 text (default), 2 image. */
  msgType?: MsgType;
  /** Default: made here. The same id sent again is the same message. */
  msgId?: string;
  /** Where in a trace of the application this message belongs: a `traceparent` of the W3C's Trace Context. */
  traceparent?: string;
}

/** A message on its way. Both promises reject with `SeqlineError` where the server refused it for good. */
export interface SendHandle {
  msgId: string;
  /** Empty before the first login where the message was given `to`: the own user id is not known yet. */
  conversationId: string;
  /** The server has it durably. */
  sent: Promise<{ conversationId: string; serverTime: number }>;
  /** It has its place: `seq` and the rest. */
  stored: Promise<Message>;
}

/** What a client tells. `message` comes once per message and in the order of `seq` within each conversation. */
export interface ClientEvents {
  message: Message;
  /** The list of conversations, whole, after each change of one of them (coalesced to one per turn) and after each sync. */
  conversations: ConversationState[];
  state: { state: ConnectionState; reason?: string; retryAt?: number };
  receipt: EventOf<'receipt'>;
  member: EventOf<'member'>;
  typing: EventOf<'typing'>;
  presence: Presence;
  recall: EventOf<'recall'>;
  rejected: EventOf<'rejected'>;
  /** This session was ended for good: taken over, or refused. */
  closed: { code: number; reason: string };
  /** Something failed that no promise carries; the client goes on. */
  error: Error;
}

/** A conversation as the client knows it: the server's summary, kept up to date by what was delivered since. */
export type ConversationState = ConversationSummary;

export interface History {
  messages: Message[];
  hasMore: boolean;
  headSeq: number;
}

/** The whole of the client. Methods that ask the server wait for the connection, and reject once `close()` was called. */
export interface SeqlineClient {
  readonly userId: string | undefined;
  readonly deviceId: string;
  readonly state: ConnectionState;
  readonly conversations: ConversationState[];

  /** Opens the connection and keeps it open. Resolves when logged in the first time; rejects where that is refused for good. */
  connect(): Promise<void>;
  /** Ends the client. Nothing is reconnected; unanswered sends reject. */
  close(): Promise<void>;
  /** Reconnects at once, for example when the browser says that the network is back. */
  reconnectNow(): void;

  send(message: OutgoingMessage): SendHandle;
  /** One page, ascending: what follows `afterSeq`, or what precedes `beforeSeq`; the newest page where neither is given. */
  history(
    conversationId: string,
    page?: { afterSeq?: number; beforeSeq?: number; limit?: number },
  ): Promise<History>;
  markRead(conversationId: string, seq: number): Promise<void>;
  recall(conversationId: string, seq: number): Promise<void>;
  /** Tells the others that this user types; lost where there is no connection. */
  typing(conversationId: string, typing: boolean): void;
  /** Replaces the set of watched users; it is watched again after a reconnect. Resolves to their presence now. */
  watch(userIds: string[]): Promise<Presence[]>;

  on<K extends keyof ClientEvents>(event: K, listener: (value: ClientEvents[K]) => void): () => void;

  /** The HTTP calls, with this client's token. */
  readonly http: HttpApi;
}

export interface HttpApi {
  /** Any call under the base URL, with the token; an error status throws `SeqlineError`. */
  request<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Keeps a picture and gives its URL, to be sent as the content of a message of type 2. */
  upload(image: Blob): Promise<{ url: string }>;
}

/**
 * A refusal of the server, or of the client itself: `closed`, whose code is the close code (1000 after `close()`), or the
 * code of the refused login, and `timeout` (408) of an HTTP call.
 */
export interface SeqlineErrorShape extends Error {
  code: number;
  error: RefusalName | 'closed' | 'timeout';
  retryAfterMs?: number;
}
