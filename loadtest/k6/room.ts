import { setTimeout } from 'k6/timers';
import type { Message } from '../../src/protocol/message.ts';
import { CLOCK } from './clock.ts';
import { Ledger, type Sent, type Via } from './ledger.ts';
import { Member } from './member.ts';
import { counts, deliveredLatency, sentLatency, sliceOf } from './metrics.ts';
import type { Settings } from './settings.ts';

/** A push that comes out of order is waited for; only then is what is missing pulled. */
const HOLE_MS = 1_000;
const PULLS_MAX = 20;
const PULL_PAUSE_MS = 500;

/** One conversation with all its members, each online on one device. */
export class Room {
  readonly members: Member[];
  readonly #ledger: Ledger;
  readonly #contentBytes: number;
  /** Members that went offline because the scenario wanted it: what they missed is not late. */
  readonly #away = new Set<number>();
  readonly #repairing = new Set<number>();

  constructor(settings: Settings, conversationId: string, userIds: string[], place: number) {
    this.#contentBytes = settings.contentBytes;
    this.#ledger = new Ledger(userIds.length, (what, n) => counts[what].add(n));
    this.members = userIds.map(
      (userId, reader) =>
        new Member(settings, userId, place + reader, conversationId, {
          pushed: (message, atMs) => this.#take(reader, message, 'push', atMs),
          answered: (sent, atMs) => this.#answered(sent, atMs),
          refused: (sent) => this.#ledger.refuse(sent),
          toCatchUp: () => void this.#catchUpSurely(reader, 'catch_up').catch(ignoreLostConnection),
        }),
    );
  }

  /** Messages that are still on their way to somebody. */
  get open(): number {
    return this.#ledger.open;
  }

  /** Messages on their way to one member. */
  lacks(reader: number): number {
    return this.#ledger.lacks(reader);
  }

  /** Members take turns. */
  send(dueMs: number, n: number): void {
    const member = this.members[this.#turn(n)]!;
    member.send(this.#ledger.send(member.userId, dueMs, (id) => contentOf(id, dueMs, this.#contentBytes)));
  }

  /** At least one member stays. */
  goAway(reader: number): void {
    this.#away.add(reader);
    this.members[reader]!.goOffline();
  }

  /** Resolves when the member has what it missed. */
  async comeBack(reader: number): Promise<void> {
    await this.members[reader]!.goOnline();
    await this.#catchUpSurely(reader, 'catch_up');
    this.#away.delete(reader);
  }

  /** Nothing is sent any more: pulls what did not come by itself, and counts what is missing. */
  async settle(): Promise<void> {
    const heads: number[] = [];
    for (const reader of this.members.keys()) heads.push(await this.#catchUpSurely(reader, 'repair'));
    this.#ledger.settle(Math.max(...heads));
  }

  /** Pulls what follows the member's place, up to the conversation's head, and gives that. */
  async #catchUp(reader: number, via: Via): Promise<number> {
    let after = this.#ledger.placeOf(reader);
    for (;;) {
      const page = await this.members[reader]!.pull(after);
      for (const message of page.messages) this.#take(reader, message, via, Date.now());
      after = page.messages.at(-1)?.seq ?? after;
      if (!page.has_more) return page.head_seq;
    }
  }

  async #catchUpSurely(reader: number, via: Via): Promise<number> {
    for (let pulls = 1; ; pulls++) {
      try {
        return await this.#catchUp(reader, via);
      } catch (error) {
        if (pulls === PULLS_MAX) throw error;
        await CLOCK.sleep(PULL_PAUSE_MS);
      }
    }
  }

  /** The n-th to speak, or the next one who is here. */
  #turn(n: number): number {
    let reader = n % this.members.length;
    while (this.#away.has(reader)) reader = (reader + 1) % this.members.length;
    return reader;
  }

  #answered(sent: Sent, atMs: number): void {
    sentLatency.add(atMs - sent.dueMs, sliceOf(sent.dueMs));
    this.#ledger.answer(sent);
  }

  #take(reader: number, message: Message, via: Via, atMs: number): void {
    const sent = this.#ledger.arrive(reader, message, via);
    if (sent && !this.#away.has(reader)) deliveredLatency.add(atMs - sent.dueMs, sliceOf(sent.dueMs));
    if (via === 'push' && this.#ledger.hasHole(reader)) this.#repairSoon(reader);
  }

  #repairSoon(reader: number): void {
    if (this.#repairing.has(reader)) return;
    this.#repairing.add(reader);
    setTimeout(() => {
      void this.#repair(reader)
        .catch(ignoreLostConnection)
        .finally(() => this.#repairing.delete(reader));
    }, HOLE_MS);
  }

  /** Takes what is missing before the last push, and leaves what is behind it to its own push. */
  async #repair(reader: number): Promise<void> {
    const missingBelow = this.#ledger.endOf(reader);
    if (!this.#ledger.hasHole(reader)) return;
    const { messages } = await this.members[reader]!.pull(this.#ledger.placeOf(reader));
    for (const message of messages) {
      if (message.seq < missingBelow) this.#take(reader, message, 'repair', Date.now());
    }
  }
}

/** The member comes back by itself, and then pulls again. */
function ignoreLostConnection(): void {}

function contentOf(id: string, dueMs: number, bytes: number): string {
  return `${id} due ${dueMs.toFixed(3)} `.padEnd(bytes, '.');
}
