import { CODES } from '../protocol/codes.ts';
import { LIMITS } from '../protocol/limits.ts';
import {
  CMD,
  type HeartbeatAnswer,
  type InboxHead,
  type InputPacket,
  type OutputPacket,
} from '../protocol/packets.ts';
import { CLOSE_ABNORMAL, CLOSE_NORMAL, ConnectionLost, packetError, SeqlineError } from './errors.ts';
import { randomId } from './message-id.ts';
import type { TimerHandle, Timers } from './timers.ts';

/**
 * A request may wait this many times the timeout while other packets arrive: on a slow link large pages take long, and
 * what arrives shows that the connection lives.
 */
const SLOW_LINK_FACTOR = 6;

export interface ConnectionOptions {
  url: string;
  WebSocket: typeof WebSocket;
  /** How long nothing may arrive while an answer, or the opening, is waited for; then the connection counts as dead. */
  requestTimeoutMs: number;
  timers: Timers;
  /** Everything that is no answer to a request: stored messages and events. */
  onPacket(packet: OutputPacket): void;
}

export interface ConnectionEnd {
  code: number;
  reason: string;
}

interface Waiting {
  timer?: TimerHandle;
  readonly since: number;
  resolve(packet: OutputPacket): void;
  reject(error: Error): void;
}

/**
 * One socket, from its opening to its end; never reopened. It matches answers to requests, and ends itself where an
 * answer stays out: a connection that answers nothing is dead, whatever the socket's state says.
 */
export class Connection {
  /** Resolves when the socket is open; rejects where it ends before that. */
  readonly opened: Promise<void>;
  /** Resolves, once, when the connection is of no more use. Never rejects. */
  readonly ended: Promise<ConnectionEnd>;
  /** Resolves when the socket itself is closed, which may be later than `ended`. */
  readonly closed: Promise<void>;

  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, Waiting>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<ConnectionEnd>();
  readonly #closed = Promise.withResolvers<void>();
  #over = false;
  #heardAt = 0;
  #openTimer: TimerHandle | undefined;
  #heartbeatTimer: TimerHandle | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.opened = this.#opened.promise;
    this.ended = this.#ended.promise;
    this.closed = this.#closed.promise;
    this.opened.catch(() => undefined);
    this.#socket = new options.WebSocket(options.url);
    this.#socket.addEventListener('open', () => this.#open());
    this.#socket.addEventListener('message', (event) => this.#receive(event.data));
    this.#socket.addEventListener('close', (event) => {
      this.#closed.resolve();
      this.#end(event.code, event.reason);
    });
    // The close event follows and says all there is to say; some implementations throw where nobody listens.
    this.#socket.addEventListener('error', () => undefined);
    this.#openTimer = options.timers.set(() => this.#dead(), options.requestTimeoutMs);
  }

  /** Resolves with the answer of code 0; rejects with `SeqlineError` for a refusal, `ConnectionLost` for no answer. */
  request(packet: InputPacket): Promise<OutputPacket> {
    const msgId = packet.msg_id ?? randomId();
    return new Promise((resolve, reject) => {
      if (this.#over) throw new ConnectionLost();
      this.#write({ ...packet, msg_id: msgId });
      const waiting = { since: this.#options.timers.now(), resolve, reject };
      this.#waiting.set(answerKey(packet.cmd, msgId), waiting);
      this.#watch(waiting);
    });
  }

  /** Sends without waiting for an answer; lost where the connection is. */
  post(packet: InputPacket): void {
    if (!this.#over) this.#write(packet);
  }

  /** Tells the server that this session lives, and the caller where the inbox stands, every `intervalMs`. */
  startHeartbeat(intervalMs: number, onHead: (head: InboxHead) => void): void {
    const beat = async () => {
      try {
        const answer = await this.request({ cmd: CMD.heartbeat });
        onHead((answer.payload as HeartbeatAnswer).inbox);
      } catch (error) {
        // A refused heartbeat (429, 503) is a sign of life as well; a lost connection ends the beat by itself.
        if (!(error instanceof SeqlineError)) return;
      }
      if (!this.#over) schedule();
    };
    const schedule = () => {
      this.#heartbeatTimer = this.#options.timers.set(() => void beat(), intervalMs);
    };
    if (!this.#over) schedule();
  }

  /** Ends the connection for the client at once; the socket's own closing goes on behind it. */
  close(code = CLOSE_NORMAL, reason = ''): void {
    if (this.#over) return;
    this.#end(code, reason);
    this.#socket.close(CLOSE_NORMAL, reason);
  }

  /** Looks whether the connection is dead, now and whenever it may have become so. */
  #watch(waiting: Waiting): void {
    const { timers, requestTimeoutMs } = this.#options;
    const now = timers.now();
    const silentMs = now - Math.max(waiting.since, this.#heardAt);
    const waitedMs = now - waiting.since;
    const leftMs = Math.min(requestTimeoutMs - silentMs, requestTimeoutMs * SLOW_LINK_FACTOR - waitedMs);
    if (leftMs <= 0) this.#dead();
    else waiting.timer = timers.set(() => this.#watch(waiting), leftMs);
  }

  #dead(): void {
    if (this.#over) return;
    this.#end(CLOSE_ABNORMAL, 'No answer came in time.');
    this.#socket.close(CLOSE_NORMAL);
  }

  #open(): void {
    this.#options.timers.clear(this.#openTimer);
    this.#opened.resolve();
  }

  #end(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    const { timers } = this.#options;
    timers.clear(this.#openTimer);
    timers.clear(this.#heartbeatTimer);
    for (const waiting of this.#waiting.values()) {
      timers.clear(waiting.timer);
      waiting.reject(new ConnectionLost());
    }
    this.#waiting.clear();
    this.#opened.reject(new ConnectionLost());
    this.#ended.resolve({ code, reason });
  }

  #write(packet: InputPacket): void {
    const text = JSON.stringify(packet);
    if (new TextEncoder().encode(text).length > LIMITS.clientMessageBytesMax) {
      // Sent all the same, it would end the whole session with 1009.
      throw new SeqlineError(CODES.too_large.code, 'too_large', 'The packet is larger than a frame may be.');
    }
    this.#socket.send(text);
  }

  #receive(data: unknown): void {
    if (this.#over) return;
    this.#heardAt = this.#options.timers.now();
    const packet = parsePacket(data);
    if (!packet) return;
    const key = packet.msg_id === undefined ? undefined : answerKey(packet.cmd, packet.msg_id);
    // A stored message carries its sender's `msg_id`, which may be that of a request here: `seq` tells the two apart.
    const waiting =
      key === undefined || isStoredMessage(packet) || packet.cmd === CMD.event
        ? undefined
        : this.#waiting.get(key);
    if (!waiting || key === undefined) {
      this.#options.onPacket(packet);
      return;
    }
    this.#waiting.delete(key);
    this.#options.timers.clear(waiting.timer);
    if (packet.code === CODES.ok.code) waiting.resolve(packet);
    else waiting.reject(packetError(packet));
  }
}

export function isStoredMessage(packet: OutputPacket): boolean {
  return packet.cmd === CMD.chat && packet.code === CODES.ok.code && packet.seq !== undefined;
}

/** Requests of different commands may carry the same `msg_id`: a chat's is chosen by the application. */
function answerKey(cmd: number, msgId: string): string {
  return `${cmd} ${msgId}`;
}

function parsePacket(data: unknown): OutputPacket | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    return JSON.parse(data) as OutputPacket;
  } catch {
    return undefined;
  }
}
