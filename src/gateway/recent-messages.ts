import { randomInt } from 'node:crypto';

/** Messages that one generation holds; two generations are kept. */
const GENERATION_MAX = 20_000;
/** That a generation's table begins with; a power of two. */
const SLOTS_MIN = 64;
/** Where more of them are in use, it takes long to find a free one. */
const LOAD_MAX = 2 / 3;
/** As much as there is to be had at once; both halves of a hash begin with a part of it. */
const SEED_MAX = 2 ** 48 - 1;

export interface RecentMessage {
  /** Tells whether a message sent again is the same one; see `fingerprint`. */
  fingerprint: number;
  /** Of the event with which it was accepted first, ms since 1970. */
  sendTime: number;
}

/**
 * The messages that this gateway accepted lately, by sender and msg_id: to tell a message sent again from a new one, and
 * a conflict at once. The worker decides for good.
 *
 * A map of strings would give the garbage collector ten objects a message, each of which stays until it has been moved
 * twice, and would cost a tenth of all that a gateway does. So what is kept is numbers in arrays, and an id is
 * known by two hashes of 53 bits.
 */
export class RecentMessages {
  /** Random, so that nobody can choose an id that has the hashes of somebody else's. */
  private readonly seeds = [randomInt(SEED_MAX), randomInt(SEED_MAX)] as const;
  private young = new Generation();
  private old = new Generation();

  get(senderId: string, msgId: string): RecentMessage | undefined {
    const id = this.idOf(senderId, msgId);
    return this.young.get(id) ?? this.old.get(id);
  }

  add(senderId: string, msgId: string, message: RecentMessage): void {
    if (this.young.size >= GENERATION_MAX) {
      [this.old, this.young] = [this.young, this.old];
      this.young.clear();
    }
    this.young.add(this.idOf(senderId, msgId), message);
  }

  delete(senderId: string, msgId: string): void {
    const id = this.idOf(senderId, msgId);
    this.young.delete(id);
    this.old.delete(id);
  }

  private idOf(senderId: string, msgId: string): Id {
    const [one, other] = this.seeds;
    return { key: hash(hash(one, senderId), msgId) || 1, check: hash(hash(other, senderId), msgId) };
  }
}

interface Id {
  /** Never zero. */
  key: number;
  /** Tells it from others with the same key. */
  check: number;
}

/** A table in which a message is in the slot that its key names, or in the next that was free. It grows as it fills. */
class Generation {
  /** Slots in use, of deleted ones too. */
  size = 0;
  private slots = slotsOf(SLOTS_MIN);

  get(id: Id): RecentMessage | undefined {
    const { keys, fingerprints, sendTimes } = this.slots;
    const slot = this.slotOf(id);
    const sendTime = sendTimes[slot]!;
    if (keys[slot] === 0 || Number.isNaN(sendTime)) return undefined;
    return { fingerprint: fingerprints[slot]!, sendTime };
  }

  add(id: Id, message: RecentMessage): void {
    if (this.size >= LOAD_MAX * this.slots.keys.length) this.grow();
    this.put(id, message);
  }

  /** Keeps the slot in use, as others may be found behind it. */
  delete(id: Id): void {
    this.slots.sendTimes[this.slotOf(id)] = Number.NaN;
  }

  clear(): void {
    this.size = 0;
    this.slots.keys.fill(0);
  }

  private put(id: Id, { fingerprint, sendTime }: RecentMessage): void {
    const { keys, checks, fingerprints, sendTimes } = this.slots;
    const slot = this.slotOf(id);
    if (keys[slot] === 0) this.size++;
    keys[slot] = id.key;
    checks[slot] = id.check;
    fingerprints[slot] = fingerprint;
    sendTimes[slot] = sendTime;
  }

  private grow(): void {
    const { keys, checks, fingerprints, sendTimes } = this.slots;
    this.slots = slotsOf(2 * keys.length);
    this.size = 0;
    keys.forEach((key, i) => {
      if (key === 0) return;
      this.put({ key, check: checks[i]! }, { fingerprint: fingerprints[i]!, sendTime: sendTimes[i]! });
    });
  }

  /** The message's own slot, or the free one that it would get. */
  private slotOf({ key, check }: Id): number {
    const { keys, checks } = this.slots;
    const mask = keys.length - 1;
    let slot = key & mask;
    while (keys[slot] !== 0 && !(keys[slot] === key && checks[slot] === check)) slot = (slot + 1) & mask;
    return slot;
  }
}

function slotsOf(count: number) {
  return {
    /** Zero where a slot is free. */
    keys: new Float64Array(count),
    checks: new Float64Array(count),
    fingerprints: new Float64Array(count),
    /** Not a number where the message was deleted. */
    sendTimes: new Float64Array(count),
  };
}

/** Tells a message from another of the same id. Where it does not, once in 10^15 of such, the worker does. */
export function fingerprint(message: { conversation_id: string; msg_type: number; content: string }): number {
  return hash(hash(message.msg_type, message.conversation_id), message.content);
}

/**
 * 53 bits that depend on the seed (an integer) and on each character: two halves, each turned, mixed with the character,
 * and multiplied by an odd constant, at every step; in the end each is mixed with the other.
 */
function hash(seed: number, text: string): number {
  let a = seed | 0;
  let b = (seed / 2 ** 32) ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(((a << 5) | (a >>> 27)) ^ unit, 0x9e3779b1);
    b = Math.imul(((b << 7) | (b >>> 25)) ^ unit, 0x85ebca77);
  }
  a = Math.imul(a ^ (a >>> 16) ^ b, 0xc2b2ae3d);
  b = Math.imul(b ^ (b >>> 15) ^ a, 0x27d4eb2f);
  a ^= b >>> 16;
  return (b & 0x1f_ffff) * 2 ** 32 + (a >>> 0);
}

/**
 * When an event is accepted: later than the first of the same message, if only by a millisecond. By its time the worker
 * tells a message that was sent again from the same event handed out again.
 */
export function acceptedAt(known: RecentMessage | undefined, now: number): number {
  return known ? Math.max(now, known.sendTime + 1) : now;
}
