import { clearTimeout, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';
import { CMD, type InputPacket, type LoginAnswer, type OutputPacket } from '../../src/protocol/packets.ts';
import type { RefusalPayload } from '../../src/protocol/refusal.ts';

const OPEN_MS_MAX = 15_000;
/** What browsers say of a connection that ended without a close; k6 has no code there. */
const ABNORMAL = 1006;
/** Longer than a server says `unavailable` after; a connection that is silent for so long is as good as cut. */
export const ANSWER_MS_MAX = 10_000;

export interface ConnectionEvents {
  /** Pushes, events and answers to chat packets, with the time at which the frame came. */
  packet(packet: OutputPacket, atMs: number): void;
  /** It ended, and not by `close`. `why` is the close code, 1006 where there was none, or `silent` where no answers came. */
  closed(why: string): void;
}

/** The server answered, and not with 0. */
export class Refused extends Error {
  readonly code: number;
  readonly retryAfterMs: number | undefined;

  constructor({ code, payload }: OutputPacket<RefusalPayload>) {
    super(`${code} ${payload?.error}: ${payload?.message}`);
    this.code = code;
    this.retryAfterMs = payload?.retry_after_ms;
  }
}

interface Waiting {
  resolve(packet: OutputPacket): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

/** One WebSocket, from its opening to its end. */
export class Connection {
  readonly #socket: WebSocket;
  readonly #events: ConnectionEvents;
  readonly #waiting = new Map<string, Waiting>();
  #asked = 0;
  #open = false;
  #over = false;

  private constructor(socket: WebSocket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  static open(url: string, events: ConnectionEvents): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`);
      const connection = new Connection(socket, events);
      let reason = 'closed before it was open';
      const timer = setTimeout(() => {
        reason = `not open within ${OPEN_MS_MAX / 1000} s`;
        connection.#end();
        reject(new Error(reason));
      }, OPEN_MS_MAX);
      socket.onopen = () => {
        clearTimeout(timer);
        connection.#open = true;
        resolve(connection);
      };
      socket.onerror = (event) => {
        if (event) reason = event.error;
      };
      socket.onmessage = (event) => {
        if (event) connection.#read(String(event.data), event.timestamp);
      };
      socket.addEventListener('close', (event) => {
        clearTimeout(timer);
        reject(new Error(reason));
        connection.drop(String((event as { code?: number }).code ?? ABNORMAL));
      });
    });
  }

  /** For what is answered with its own `msg_id`. Rejects with `Refused`, or where no answer comes. */
  ask<P>(packet: InputPacket): Promise<OutputPacket<P>> {
    const id = `ask-${this.#asked++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`no answer within ${ANSWER_MS_MAX / 1000} s`));
      }, ANSWER_MS_MAX);
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, timer });
      this.write({ ...packet, msg_id: id });
    });
  }

  login(token: string): Promise<OutputPacket<LoginAnswer>> {
    return this.ask({ cmd: CMD.login, payload: { token, device_id: 'load' } });
  }

  write(packet: InputPacket): void {
    if (!this.#over) this.#socket.send(JSON.stringify(packet));
  }

  close(): void {
    this.#end();
  }

  /** It was cut, or is given up because it does not answer any more. */
  drop(why: string): void {
    if (this.#over) return;
    this.#end();
    // An attempt that failed has said so to whoever made it.
    if (this.#open) this.#events.closed(why);
  }

  #read(text: string, atMs: number): void {
    if (this.#over) return;
    const packet: OutputPacket = JSON.parse(text);
    const waiting = packet.msg_id === undefined ? undefined : this.#waiting.get(packet.msg_id);
    if (!waiting) {
      this.#events.packet(packet, atMs);
      return;
    }
    this.#waiting.delete(packet.msg_id!);
    clearTimeout(waiting.timer);
    if (packet.code === 0) waiting.resolve(packet);
    else waiting.reject(new Refused(packet as OutputPacket<RefusalPayload>));
  }

  #end(): void {
    this.#over = true;
    this.#socket.close();
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error('the connection is closed'));
    }
    this.#waiting.clear();
  }
}
