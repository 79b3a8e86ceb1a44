import { setTimeout } from 'k6/timers';
import { CODES, codeName } from '../../src/protocol/codes.ts';
import type { Message } from '../../src/protocol/message.ts';
import { CMD, type MessagesPage, type OutputPacket, type ServerEvent } from '../../src/protocol/packets.ts';
import type { RefusalPayload } from '../../src/protocol/refusal.ts';
import { CLOCK } from './clock.ts';
import { ANSWER_MS_MAX, Connection, Refused } from './connection.ts';
import type { Sent } from './ledger.ts';
import { closes, connectFailures, lateness, reconnects, refusals } from './metrics.ts';
import type { Settings } from './settings.ts';
import { tokenOf } from './tokens.ts';

const PAGE = 200;
/** Between attempts to connect: drawn from 0 to this, which doubles with each, so that those who lost a gateway together come back apart. */
const BACKOFF_MS = { first: 500, max: 5_000 };
/** Where a refusal that may be tried again names no time. */
const RETRY_MS = 500;

export interface MemberEvents {
  /** A stored message was pushed. */
  pushed(message: Message, atMs: number): void;
  /** A message was answered "sent". */
  answered(sent: Sent, atMs: number): void;
  /** A message was refused for good. */
  refused(sent: Sent): void;
  /** Pushes may have been missed: logged in again, or told so. */
  toCatchUp(): void;
}

interface Outgoing {
  sent: Sent;
  /** When it was written last; undefined while it waits for a connection, or for the time that a refusal named. */
  writtenMs: number | undefined;
  written: boolean;
}

/** One user on one device: goes online, sends until there is an answer, and comes back when its connection is lost. */
export class Member {
  readonly userId: string;
  readonly #settings: Settings;
  /** Which of the urls comes next. */
  #place: number;
  readonly #conversationId: string;
  readonly #events: MemberEvents;
  /** Not answered yet, in the order of sending. */
  readonly #outgoing = new Map<string, Outgoing>();
  #connection: Connection | undefined;
  /** Asked for once: those who lost a gateway together do not ask for tokens together too. */
  #token: string | undefined;
  #tokenIsGood = false;
  #wanted = false;
  #coming: Promise<void> | undefined;
  #heartbeatMs = 30_000;
  #nextHeartbeatAt = 0;
  #drainUntil = 0;

  constructor(
    settings: Settings,
    userId: string,
    place: number,
    conversationId: string,
    events: MemberEvents,
  ) {
    this.userId = userId;
    this.#settings = settings;
    this.#place = place;
    this.#conversationId = conversationId;
    this.#events = events;
  }

  /** Resolves when logged in, or when it is not wanted any more. Rejects where it will never be. */
  goOnline(): Promise<void> {
    this.#wanted = true;
    this.#coming ??= this.#come().finally(() => {
      this.#coming = undefined;
    });
    return this.#coming;
  }

  goOffline(): void {
    this.#wanted = false;
    this.#connection?.close();
    this.#connection = undefined;
  }

  send(sent: Sent): void {
    const outgoing = { sent, writtenMs: undefined, written: false };
    this.#outgoing.set(sent.id, outgoing);
    this.#write(outgoing);
  }

  /** Throws where there is no connection, or no page. */
  async pull(afterSeq: number): Promise<MessagesPage> {
    const payload = { conversation_id: this.#conversationId, limit: PAGE };
    const page = await this.#required().ask<MessagesPage>({ cmd: CMD.pull, seq: afterSeq, payload });
    return page.payload!;
  }

  /** What a device does that comes for the first time: the inbox's epoch, then the list of conversations. */
  async firstCatchUp(): Promise<void> {
    await this.#required().ask({ cmd: CMD.pull, payload: { inbox: '' } });
    await this.#required().ask({ cmd: CMD.pull, payload: { conversations: true } });
  }

  /** Called each second: the heartbeat, and a connection without answers is given up. */
  look(): void {
    const now = Date.now();
    const connection = this.#connection;
    if (!connection) return;
    const isLost = ({ writtenMs }: Outgoing) => writtenMs !== undefined && now - writtenMs > ANSWER_MS_MAX;
    if ([...this.#outgoing.values()].some(isLost)) connection.drop('silent');
    if (!this.#connection || now < this.#nextHeartbeatAt) return;
    this.#nextHeartbeatAt = now + this.#heartbeatMs;
    connection.ask({ cmd: CMD.heartbeat }).catch((error) => {
      if (!(error instanceof Refused)) connection.drop('silent');
    });
  }

  async #come(): Promise<void> {
    for (let ceiling = BACKOFF_MS.first; this.#wanted; ceiling = Math.min(ceiling * 2, BACKOFF_MS.max)) {
      try {
        await this.#connect();
        return;
      } catch (error) {
        if (error instanceof Refused && !this.#mayComeAgain(error.code)) throw error;
        connectFailures.add(1);
        await CLOCK.sleep(Math.random() * ceiling);
      }
    }
  }

  async #connect(): Promise<void> {
    const { urls } = this.#settings;
    const url = urls[this.#place++ % urls.length]!;
    this.#token ??= await tokenOf(this.#settings, url, this.userId);
    const connection: Connection = await Connection.open(url, {
      packet: (packet, atMs) => this.#take(packet, atMs),
      closed: (why) => {
        if (this.#connection === connection) void this.#comeBack(why);
      },
    });
    try {
      const { payload } = await connection.login(this.#token);
      this.#tokenIsGood = true;
      this.#heartbeatMs = payload!.heartbeat_ms;
    } catch (error) {
      connection.close();
      throw error;
    }
    // Those who came together do not send their heartbeats together.
    this.#nextHeartbeatAt = Date.now() + Math.random() * this.#heartbeatMs;
    if (!this.#wanted) return connection.close();
    this.#connection = connection;
    for (const outgoing of this.#outgoing.values()) this.#write(outgoing);
  }

  /** With a token that was good and has expired, with a new one. */
  #mayComeAgain(code: number): boolean {
    if (code !== CODES.unauthenticated.code) return mayTryAgain(code);
    this.#token = undefined;
    return this.#tokenIsGood;
  }

  async #comeBack(why: string): Promise<void> {
    this.#connection = undefined;
    closes.add(1, { code: why });
    await CLOCK.sleep(Math.max(this.#drainUntil - Date.now(), 0));
    if (!this.#wanted) return;
    await this.goOnline();
    if (this.#connection === undefined) return;
    reconnects.add(1);
    this.#events.toCatchUp();
  }

  #write(outgoing: Outgoing): void {
    if (!this.#connection) return;
    const { sent, written } = outgoing;
    const now = Date.now();
    if (written) sent.resent = true;
    else lateness.add(now - sent.dueMs);
    outgoing.written = true;
    outgoing.writtenMs = now;
    const payload = { conversation_id: this.#conversationId, content: sent.content };
    this.#connection.write({ cmd: CMD.chat, msg_id: sent.id, payload });
  }

  #take(packet: OutputPacket, atMs: number): void {
    if (packet.cmd === CMD.event) this.#hear(packet.payload as ServerEvent);
    else if (packet.cmd !== CMD.chat) refusals.add(1, { code: String(packet.code) });
    else if (packet.seq !== undefined) this.#events.pushed(packet.payload as Message, atMs);
    else this.#takeAnswer(packet as OutputPacket<RefusalPayload>, atMs);
  }

  #hear(event: ServerEvent): void {
    if (event.type === 'drain') this.#drainUntil = Date.now() + event.reconnect_after_ms;
    else if (event.type === 'resync') this.#events.toCatchUp();
  }

  #takeAnswer({ code, msg_id, payload }: OutputPacket<RefusalPayload>, atMs: number): void {
    const outgoing = this.#outgoing.get(msg_id ?? '');
    if (code !== 0) refusals.add(1, { code: String(code) });
    if (!outgoing) return;
    if (code === 0) {
      this.#outgoing.delete(outgoing.sent.id);
      this.#events.answered(outgoing.sent, atMs);
    } else if (mayTryAgain(code)) {
      outgoing.writtenMs = undefined;
      setTimeout(() => {
        if (outgoing.writtenMs === undefined && this.#outgoing.has(outgoing.sent.id)) this.#write(outgoing);
      }, payload?.retry_after_ms ?? RETRY_MS);
    } else {
      this.#outgoing.delete(outgoing.sent.id);
      this.#events.refused(outgoing.sent);
    }
  }

  #required(): Connection {
    if (!this.#connection) throw new Error(`${this.userId} is offline`);
    return this.#connection;
  }
}

function mayTryAgain(code: number): boolean {
  const name = codeName(code);
  return name !== undefined && (CODES[name].retry === 'now' || CODES[name].retry === 'after');
}
