import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Route } from '../ports/registry.ts';
import { CLOSES, type CloseName } from '../protocol/codes.ts';
import { LIMITS } from '../protocol/limits.ts';
import { FloodWatch, TokenBucket } from './rate-limit.ts';

/** `opening`: a login is being checked. `ended`: the socket closed, or was told to. */
export type SessionState = 'new' | 'opening' | 'open' | 'ended';

/** A reader with this many packets of its own waiting is not read from until half are done. */
const WAITING_MAX = 400;

/** One connection: its socket, what is known of its client, and a bounded way out. */
export class Session {
  state: SessionState = 'new';
  /** From login on. */
  route: Route | undefined;
  /** Of the token, in milliseconds since 1970; the other times here are of the steady clock. */
  expiresAt = Number.POSITIVE_INFINITY;
  readonly openedAt: number;
  lastSeenAt: number;
  /** Heard from since the registry was last told. */
  refreshDue = false;
  badInARow = 0;
  /** Set where the gateway closed it. Who reads nothing never confirms that, and the socket then tells of 1006. */
  closeCode: number | undefined;
  /** Users whose presence this session watches. */
  watched: Set<string> | undefined;
  /** Chats behind one whose sender's standing is being looked up; they keep their order. */
  admission: Promise<void> | undefined;

  readonly packets: TokenBucket;
  readonly messages: TokenBucket;
  readonly flood = new FloodWatch();

  private readonly socket: WebSocket;
  private readonly tcp: Socket;
  /** Pushes that arrived before the answer to the login was written. */
  private held: (string | Buffer)[] | undefined;
  private behindLogin: (() => void)[] | undefined;
  private waiting: (() => Promise<void>)[] | undefined;
  private working = false;
  private corked = false;

  constructor(socket: WebSocket, tcp: Socket, now: number, limits: { packets: number; messages: number }) {
    this.socket = socket;
    this.tcp = tcp;
    this.openedAt = now;
    this.lastSeenAt = now;
    this.packets = new TokenBucket(limits.packets, now);
    this.messages = new TokenBucket(limits.messages, now);
  }

  get id(): string {
    return this.route!.session_id;
  }

  get userId(): string {
    return this.route!.user_id;
  }

  get ended(): boolean {
    return this.state === 'ended';
  }

  /** Bytes that wait for the client to read. */
  get outboxBytes(): number {
    return this.socket.bufferedAmount;
  }

  /** Writes a frame; a client behind by more than the limit is closed instead, and pulls when it is back. */
  write(frame: string | Buffer): void {
    if (this.state === 'ended') return;
    if (this.socket.bufferedAmount + frame.length > LIMITS.outboxBytesMax) {
      this.close('slow_reader');
      return;
    }
    this.send(frame);
  }

  /** Like `write`, and kept back until the login is answered. */
  push(frame: string | Buffer): void {
    if (this.held) this.held.push(frame);
    else this.write(frame);
  }

  /**
   * Like a `push` of each frame, at the cost of one: `together` is what `serverFrames` makes of them, and goes to the
   * socket past the WebSocket, which has nothing of its own to write between (no compression, no fragments).
   */
  pushTogether(together: Buffer, frames: Buffer[]): void {
    if (this.held) this.held.push(...frames);
    else if (this.state === 'ended' || this.socket.readyState !== WebSocket.OPEN) return;
    else if (this.socket.bufferedAmount + together.length > LIMITS.outboxBytesMax) this.close('slow_reader');
    else this.tcp.write(together);
  }

  /** For the answer to a pull, which was only made because the socket takes more. */
  writeLarge(frame: string): void {
    if (this.state !== 'ended') this.send(frame);
  }

  /** Frames of one turn of the event loop leave together, in one write to the kernel. */
  private send(frame: string | Buffer): void {
    if (!this.corked) {
      this.corked = true;
      this.tcp.cork();
      uncorkAfterTurn(this);
    }
    this.socket.send(frame, TEXT);
  }

  uncork(): void {
    this.corked = false;
    this.tcp.uncork();
  }

  hold(): void {
    this.held = [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const frame of held) this.write(frame);
  }

  /** Work on a packet that came while the login is being checked. */
  afterLogin(work: () => void): void {
    this.behindLogin ??= [];
    this.behindLogin.push(work);
  }

  workOffAfterLogin(): void {
    if (!this.behindLogin || this.state === 'opening') return;
    const works = this.behindLogin;
    this.behindLogin = undefined;
    for (const work of works) work();
  }

  close(name: CloseName): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.closeCode = CLOSES[name].code;
    this.socket.close(this.closeCode, name);
    if (this.socket.isPaused) this.socket.resume();
  }

  /** Cuts the connection without a word. */
  terminate(): void {
    this.state = 'ended';
    this.socket.terminate();
  }

  /**
   * Does work whose answers may be large, one piece at a time and only while the client keeps reading; a client that
   * asks for more than is being done is not read from.
   */
  enqueue(work: () => Promise<void>): void {
    this.waiting ??= [];
    this.waiting.push(work);
    if (this.waiting.length >= WAITING_MAX) this.socket.pause();
    if (!this.working) void this.workOff(this.waiting);
  }

  private async workOff(waiting: (() => Promise<void>)[]): Promise<void> {
    this.working = true;
    while (waiting.length > 0) {
      await this.writable();
      await waiting.shift()!();
      if (this.socket.isPaused && waiting.length <= WAITING_MAX / 2) this.socket.resume();
    }
    this.waiting = undefined;
    this.working = false;
  }

  /** Resolves when the socket takes more, or is gone. */
  private async writable(): Promise<void> {
    while (this.tcp.writableNeedDrain && !this.tcp.destroyed) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.tcp.off('drain', done).off('close', done);
          resolve();
        };
        this.tcp.on('drain', done).on('close', done);
      });
    }
  }
}

const TEXT = { binary: false };

/** Sessions that were written to in this turn of the event loop. */
let corked: Session[] = [];

function uncorkAfterTurn(session: Session): void {
  if (corked.length === 0) setImmediate(uncorkAll);
  corked.push(session);
}

function uncorkAll(): void {
  const sessions = corked;
  corked = [];
  for (const session of sessions) session.uncork();
}
