import { CODES } from '../protocol/codes.ts';
import {
  CMD,
  type EventOf,
  type InboxHead,
  type LoginAnswer,
  type OutputPacket,
} from '../protocol/packets.ts';
import { Connection, type ConnectionEnd } from './connection.ts';
import { CLOSE_ABNORMAL, CLOSE_NORMAL, closedError, SeqlineError } from './errors.ts';
import type { Ending, ReconnectPolicy } from './reconnect-policy.ts';
import type { TimerHandle, Timers } from './timers.ts';
import type { ClientEvents, ConnectionState } from './types.ts';

/** How long the end of a session waits for the socket's closing handshake. */
const CLOSE_WAIT_MS = 1_000;

export interface SessionOptions {
  socketUrl: string;
  WebSocket: typeof WebSocket;
  /** A token for the next login. */
  token(): Promise<string>;
  /** There is but this one token: once it is refused, no other will come. */
  tokenIsFixed: boolean;
  deviceId: string;
  platform: string | undefined;
  requestTimeoutMs: number;
  policy: ReconnectPolicy;
  timers: Timers;
  onState(change: ClientEvents['state']): void;
  onLogin(login: LoginAnswer): void;
  onPacket(packet: OutputPacket): void;
  onInboxHead(head: InboxHead): void;
  /** The server ended this for good. Not called for `close()`. */
  onRefused(end: ConnectionEnd): void;
  onError(error: Error): void;
}

/** An attempt's end, and what it means where the policy does not reconnect. */
type AttemptEnd = Ending & { reason: string; final?: boolean };

/** One client's connection across all its sockets: log in, stay, come back as the policy says, until the end. */
export class Session {
  readonly #options: SessionOptions;
  #state: ConnectionState = 'offline';
  #connection: Connection | undefined;
  #loggedIn = false;
  #early: OutputPacket[] = [];
  #online = pendingConnection();
  #error: SeqlineError | undefined;
  #userId: string | undefined;
  #refusedToken: string | undefined;
  #drainAt: number | undefined;
  #drainTimer: TimerHandle | undefined;
  #wake: (() => void) | undefined;
  #hurry = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The connection that is logged in, if there is one now. */
  get current(): Connection | undefined {
    return this.#loggedIn ? this.#connection : undefined;
  }

  /** The connection that is logged in, or the next that will be. Rejects once the session is closed. */
  online(): Promise<Connection> {
    return this.#online.promise;
  }

  async run(): Promise<void> {
    while (!this.#error) {
      this.#setState({ state: 'connecting' });
      const ending = await this.#attempt();
      if (this.#error) return;
      const verdict = this.#options.policy.next(ending);
      if (ending.final || !verdict.reconnect) {
        this.#finish(ending.refusal?.code ?? ending.closeCode, ending.reason);
        return;
      }
      await this.#wait(verdict.delayMs, ending.reason);
    }
  }

  reconnectNow(): void {
    if (this.#state === 'waiting') this.#wake?.();
    // An attempt that is under way may have begun before there was a network: should it fail, the next follows at once.
    if (this.#state === 'online' || this.#state === 'connecting') this.#hurry = true;
    if (this.#state === 'online') this.#connection?.close(CLOSE_NORMAL, 'reconnect');
  }

  /** The gateway goes away: whether it closes or not, this session is elsewhere after that time. */
  drain(event: EventOf<'drain'>): void {
    const { timers } = this.#options;
    const connection = this.#connection;
    timers.clear(this.#drainTimer);
    this.#drainAt = timers.now() + event.reconnect_after_ms;
    this.#drainTimer = timers.set(() => connection?.close(CLOSE_NORMAL, 'drain'), event.reconnect_after_ms);
  }

  async close(): Promise<void> {
    if (this.#error) return;
    const connection = this.#connection;
    this.#end(closedError(CLOSE_NORMAL, 'The client was closed.'));
    this.#setState({ state: 'closed' });
    connection?.close(CLOSE_NORMAL);
    if (connection) await this.#closing(connection);
  }

  async #attempt(): Promise<AttemptEnd> {
    const token = await this.#token();
    if (typeof token !== 'string') return token;
    if (this.#error) return failed('closed');
    this.#early = [];
    const connection = new Connection({
      ...this.#options,
      url: this.#options.socketUrl,
      // What follows the login's answer closely may be handed over before that answer's promise is.
      onPacket: (packet) => (this.#loggedIn ? this.#options.onPacket(packet) : this.#early.push(packet)),
    });
    this.#connection = connection;
    const outcome = await this.#logIn(connection, token);
    const refusal = 'user_id' in outcome ? this.#enter(connection, outcome) : outcome;
    if (refusal) {
      connection.close();
      return refusal;
    }
    const since = this.#options.timers.now();
    return this.#left(await connection.ended, since);
  }

  /** A token that is worth a login, or the end of this attempt. */
  async #token(): Promise<string | AttemptEnd> {
    let token: string;
    try {
      token = await this.#options.token();
    } catch (error) {
      this.#options.onError(error instanceof Error ? error : new Error(String(error)));
      return failed('No token was to be had.');
    }
    if (token !== this.#refusedToken) return token;
    const refusal = { code: CODES.unauthenticated.code };
    return { ...failed('The token was refused.'), refusal, final: true };
  }

  async #logIn(connection: Connection, token: string): Promise<LoginAnswer | AttemptEnd> {
    const { deviceId, platform } = this.#options;
    try {
      await connection.opened;
      const payload = { token, device_id: deviceId, ...(platform === undefined ? {} : { platform }) };
      const answer = await connection.request({ cmd: CMD.login, payload });
      return answer.payload as LoginAnswer;
    } catch (error) {
      if (!(error instanceof SeqlineError)) {
        const end = await connection.ended;
        return { ...failed(end.reason), closeCode: end.code };
      }
      const refusal = { code: error.code, retryAfterMs: error.retryAfterMs };
      if (error.code !== CODES.unauthenticated.code) return { ...failed(error.message), refusal };
      this.#refusedToken = token;
      return { ...failed(error.message), refusal, final: this.#options.tokenIsFixed };
    }
  }

  /** Takes up the session; gives how the attempt ended where that is not to be. */
  #enter(connection: Connection, login: LoginAnswer): AttemptEnd | undefined {
    if (this.#error) return failed('closed');
    if (this.#userId !== undefined && this.#userId !== login.user_id) {
      return { ...failed('The new token is that of another user.'), closeCode: CLOSE_NORMAL, final: true };
    }
    this.#userId = login.user_id;
    this.#loggedIn = true;
    this.#hurry = false;
    connection.startHeartbeat(login.heartbeat_ms, this.#options.onInboxHead);
    this.#setState({ state: 'online' });
    this.#options.onLogin(login);
    for (const packet of this.#early) this.#options.onPacket(packet);
    this.#online.resolve(connection);
    return undefined;
  }

  #left(end: ConnectionEnd, since: number): AttemptEnd {
    const now = this.#options.timers.now();
    const drainLeftMs = this.#drainAt === undefined ? undefined : this.#drainAt - now;
    this.#reset();
    if (!this.#error) this.#online = pendingConnection();
    return { closeCode: end.code, reason: end.reason, onlineMs: now - since, drainLeftMs };
  }

  #reset(): void {
    this.#options.timers.clear(this.#drainTimer);
    this.#drainAt = undefined;
    this.#loggedIn = false;
    this.#connection = undefined;
  }

  async #wait(delayMs: number, reason: string): Promise<void> {
    const { timers } = this.#options;
    const waited = Promise.withResolvers<void>();
    const waitMs = this.#hurry ? 0 : delayMs;
    const timer = timers.set(waited.resolve, waitMs);
    this.#hurry = false;
    this.#wake = waited.resolve;
    this.#setState({ state: 'waiting', reason, retryAt: timers.now() + waitMs });
    await waited.promise;
    timers.clear(timer);
    this.#wake = undefined;
  }

  #finish(code: number, reason: string): void {
    this.#end(closedError(code, reason || `The connection was closed for good with ${code}.`));
    this.#setState({ state: 'closed', reason });
    this.#options.onRefused({ code, reason });
  }

  #end(error: SeqlineError): void {
    this.#error = error;
    // Whoever asks from now on is told at once; whoever waited is told as well.
    this.#online.reject(error);
    this.#online = pendingConnection();
    this.#online.reject(error);
    this.#reset();
    this.#wake?.();
  }

  #setState(change: ClientEvents['state']): void {
    this.#state = change.state;
    this.#options.onState(change);
  }

  async #closing(connection: Connection): Promise<void> {
    const { timers } = this.#options;
    const enough = Promise.withResolvers<void>();
    const timer = timers.set(enough.resolve, CLOSE_WAIT_MS);
    await Promise.race([connection.closed, enough.promise]);
    timers.clear(timer);
  }
}

function failed(reason: string): AttemptEnd {
  return { closeCode: CLOSE_ABNORMAL, reason, onlineMs: 0 };
}

/** Its rejection is told to those who wait for it; where nobody does, it is no error. */
function pendingConnection(): PromiseWithResolvers<Connection> {
  const pending = Promise.withResolvers<Connection>();
  pending.promise.catch(() => undefined);
  return pending;
}
