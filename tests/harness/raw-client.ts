import type { IncomingMessage } from 'node:http';
import { type ClientOptions, WebSocket } from 'ws';
import { freshMsgId } from './names.ts';
import type { Target } from './target.ts';

/** How long a test waits for what must come; long, because the machine may be busy. */
const WAIT_MS_MAX = 15_000;

// biome-ignore lint/suspicious/noExplicitAny: what arrives is what is under test, so no type may be assumed of it.
export type Json = any;

/** A packet as it arrived. */
export interface Packet {
  cmd: number;
  code: number;
  msg_id?: string;
  seq?: number;
  payload: Json;
}

export interface Close {
  code: number;
  reason: string;
}

/** A text frame: an object as its JSON, a string or bytes as they are. */
export type Sendable = object | string | Buffer;

type Matcher = (packet: Packet) => boolean;

/** A WebSocket that keeps all that arrives and knows nothing of the protocol but how answers are told apart. */
export class RawClient {
  readonly socket: WebSocket;
  /** The base URL that it is connected to. */
  readonly url: string;
  /** All that came, in order, and as text. */
  readonly packets: Packet[] = [];
  readonly texts: string[] = [];
  /** Resolves with the close; never rejects. */
  readonly closed: Promise<Close>;
  close: Close | undefined;
  /** Of the login, where there was one. */
  userId = '';
  deviceId = '';
  hello: Json;
  private readonly listeners = new Set<() => void>();

  constructor(socket: WebSocket, url: string) {
    this.socket = socket;
    this.url = url;
    socket.on('message', (data, isBinary) => {
      const text = isBinary ? '' : String(data);
      this.texts.push(text);
      this.packets.push(isBinary ? { cmd: Number.NaN, code: Number.NaN, payload: data } : JSON.parse(text));
      this.notify();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.close = { code, reason: String(reason) };
        resolve(this.close);
        this.notify();
      });
    });
  }

  /** A place in what arrived: what comes from now on is from there. */
  mark(): number {
    return this.packets.length;
  }

  since(mark: number): Packet[] {
    return this.packets.slice(mark);
  }

  send(data: Sendable, options: { binary?: boolean; fin?: boolean } = {}): void {
    const raw = typeof data === 'string' || Buffer.isBuffer(data) ? data : JSON.stringify(data);
    this.socket.send(raw, { binary: false, ...options });
  }

  /** Sends a packet, with a `msg_id` if it has none, and gives its answer. */
  request(packet: { cmd: number; msg_id?: string; [field: string]: unknown }): Promise<Packet> {
    const msgId = packet.msg_id ?? freshMsgId();
    const from = this.mark();
    this.send({ ...packet, msg_id: msgId });
    return this.waitFor(
      (got) => got.msg_id === msgId && got.cmd === packet.cmd && !isStored(got),
      `the answer to ${JSON.stringify(packet).slice(0, 200)}`,
      from,
    );
  }

  /** The first packet that fits, of those from `mark` on, whether it came already or not. */
  waitFor(matches: Matcher, what = 'a packet', mark = 0): Promise<Packet> {
    let next = mark;
    return this.until(what, () => {
      while (next < this.packets.length) {
        const packet = this.packets[next++]!;
        if (matches(packet)) return packet;
      }
      return undefined;
    });
  }

  /** Resolves once as many packets fit, with them in their order. */
  async waitForAll(count: number, matches: Matcher, what = 'packets', mark = 0): Promise<Packet[]> {
    return this.until(`${count} of ${what}`, () => {
      const found = this.since(mark).filter(matches);
      return found.length >= count ? found : undefined;
    });
  }

  private until<T>(what: string, look: () => T | undefined): Promise<T> {
    const found = look();
    if (found !== undefined) return Promise.resolve(found);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const check = () => {
      const late = look();
      if (late !== undefined) resolve(late);
      else if (this.close) reject(this.missing(what, `closed with ${this.close.code} ${this.close.reason}`));
    };
    const timer = setTimeout(() => reject(this.missing(what, `waited ${WAIT_MS_MAX} ms`)), WAIT_MS_MAX);
    this.listeners.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.listeners.delete(check);
    });
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener();
  }

  private missing(what: string, why: string): Error {
    const last = this.texts.slice(-8).map((text) => `  ${text.slice(0, 300)}`);
    return new Error(
      `${this.userId || 'A client'} did not get ${what} (${why}). The last it got:\n${last.join('\n')}`,
    );
  }
}

/** A packet of cmd 2 with `seq` is a stored message; one without is an answer. */
export function isStored(packet: Packet): boolean {
  return packet.cmd === 2 && packet.seq !== undefined;
}

export interface ConnectOptions {
  /** Instead of the target's next. */
  url?: string;
  path?: string;
  ws?: ClientOptions;
}

/** The HTTP answer that came in place of a WebSocket. */
export class UpgradeRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The upgrade was refused with HTTP ${status}`);
    this.status = status;
  }
}

/** Connects without logging in. Rejects with `UpgradeRefused` where the server does not want to. */
export function connect(target: Target, options: ConnectOptions = {}): Promise<RawClient> {
  const url = options.url ?? target.nextUrl();
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${options.path ?? '/ws'}`, {
    perMessageDeflate: false,
    ...options.ws,
  });
  const client = new RawClient(socket, url);
  target.onStop(() => socket.terminate());
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(client));
    socket.once('error', reject);
    socket.once('unexpected-response', (request, response: IncomingMessage) => {
      reject(new UpgradeRefused(response.statusCode ?? 0));
      response.resume();
      request.destroy();
    });
  });
}
