/** How a message came: pushed; pulled after a time offline; pulled although the connection had been there all along. */
export type Via = 'push' | 'catch_up' | 'repair';

export interface Arrival {
  seq: number;
  msg_id: string;
  sender_id: string;
  content: string;
}

/**
 * What a ledger counts, each as one message for one reader:
 * - `expected`: answered "sent", so it must arrive; `delivered`: such a one was pushed, or pulled after a time offline.
 * - `missed_pushes`: it had to be pulled, although its reader was connected. `missing`: it is nowhere.
 * - `duplicates`: one message under two numbers, or two under one. `repeats`: the same one again, which is harmless.
 * - `order_violations`: it has a lower number than one that its sender sent before. `gaps`: a number that nothing has.
 * - `unexpected`: nobody sent it, or not with this content. `unanswered`: sent, and no answer came.
 */
export type Count =
  | 'expected'
  | 'delivered'
  | 'missed_pushes'
  | 'missing'
  | 'duplicates'
  | 'repeats'
  | 'order_violations'
  | 'gaps'
  | 'unexpected'
  | 'unanswered';

export interface Sent {
  id: string;
  sender: string;
  /** The how-manieth of its sender in this conversation, from 0. */
  n: number;
  content: string;
  /** When it was to be sent. */
  dueMs: number;
  /** It was sent more than once, after a cut or a refusal: its place among its sender's others is open. */
  resent: boolean;
  answered: boolean;
  seq: number | undefined;
  got: Set<number>;
  delivered: number;
  missedPushes: number;
}

type Place = Pick<Sent, 'sender' | 'n' | 'resent'>;

/** What one reader has of the conversation. */
interface Feed {
  /** It has everything up to here. */
  place: number;
  /** The highest number that it has, whatever is missing before it. */
  end: number;
  /** What it has from behind a hole; undefined where it is none of ours. */
  beyond: Map<number, Place | undefined>;
  /** Of each sender, the last one that had its place. */
  last: Map<string, number>;
}

/**
 * One conversation that nobody else writes to: what was sent into it, and what each of its readers got. It forgets a
 * message that all have, so that it may go on for days.
 */
export class Ledger {
  readonly #open = new Map<string, Sent>();
  readonly #feeds: Feed[];
  readonly #sentBy = new Map<string, number>();
  readonly #count: (what: Count, n: number) => void;

  constructor(readers: number, count: (what: Count, n: number) => void) {
    this.#count = count;
    this.#feeds = Array.from({ length: readers }, () => ({
      place: 0,
      end: 0,
      beyond: new Map(),
      last: new Map(),
    }));
  }

  /** Messages that are not answered yet, or that somebody does not have. */
  get open(): number {
    return this.#open.size;
  }

  /** Of those messages, how many one reader does not have. */
  lacks(reader: number): number {
    return [...this.#open.values()].filter(({ got }) => !got.has(reader)).length;
  }

  send(sender: string, dueMs: number, contentOf: (id: string) => string): Sent {
    const n = this.#sentBy.get(sender) ?? 0;
    this.#sentBy.set(sender, n + 1);
    const id = `${sender}:${n}`;
    const content = contentOf(id);
    const sent: Sent = {
      ...{ id, sender, n, content, dueMs },
      ...{ resent: false, answered: false, seq: undefined, got: new Set(), delivered: 0, missedPushes: 0 },
    };
    this.#open.set(id, sent);
    return sent;
  }

  answer(sent: Sent): void {
    if (sent.answered) return;
    sent.answered = true;
    this.#count('expected', this.#feeds.length);
    this.#count('delivered', sent.delivered);
    this.#count('missed_pushes', sent.missedPushes);
    this.#forgetIfDone(sent);
  }

  /** It was refused for good, so nobody waits for it. */
  refuse(sent: Sent): void {
    this.#open.delete(sent.id);
  }

  /** Gives the message where it is new to the reader, and as it was sent. */
  arrive(reader: number, message: Arrival, via: Via): Sent | undefined {
    const feed = this.#feeds[reader]!;
    const sent = this.#open.get(message.msg_id);
    const known = hasSeq(feed, message.seq);
    if (!known) take(feed, message.seq, sent, this.#count);
    if (known && !sent?.got.has(reader) && sent !== undefined) this.#count('duplicates', 1);
    else if (sent?.seq !== undefined && sent.seq !== message.seq) this.#count('duplicates', 1);
    else if (known) this.#count('repeats', via === 'push' ? 1 : 0);
    else if (sent === undefined) this.#count(this.#wasSent(message) ? 'duplicates' : 'unexpected', 1);
    else return this.#receive(reader, sent, message, via);
    return undefined;
  }

  /** Where a reader goes on to pull. */
  placeOf(reader: number): number {
    return this.#feeds[reader]!.place;
  }

  /** The highest number that a reader has, whatever is missing before it. */
  endOf(reader: number): number {
    return this.#feeds[reader]!.end;
  }

  hasHole(reader: number): boolean {
    return this.#feeds[reader]!.beyond.size > 0;
  }

  /** Nothing comes any more, and each reader has pulled up to the head: what is not here now is lost. */
  settle(head: number): void {
    for (const feed of this.#feeds) {
      const end = Math.max(head, feed.end);
      for (let seq = feed.place + 1; seq <= end; seq++) {
        if (feed.beyond.has(seq)) follow(feed, feed.beyond.get(seq), this.#count);
        else this.#count('gaps', 1);
      }
      Object.assign(feed, { place: end, end });
      feed.beyond.clear();
    }
    for (const { answered, got } of this.#open.values()) {
      if (answered) this.#count('missing', this.#feeds.length - got.size);
      else this.#count('unanswered', 1);
    }
    this.#open.clear();
  }

  #receive(reader: number, sent: Sent, message: Arrival, via: Via): Sent | undefined {
    if (message.content !== sent.content || message.sender_id !== sent.sender) {
      this.#count('unexpected', 1);
      return undefined;
    }
    sent.seq = message.seq;
    sent.got.add(reader);
    if (via === 'repair') sent.missedPushes += 1;
    else sent.delivered += 1;
    if (sent.answered) this.#count(via === 'repair' ? 'missed_pushes' : 'delivered', 1);
    this.#forgetIfDone(sent);
    return sent;
  }

  #forgetIfDone(sent: Sent): void {
    if (sent.answered && sent.got.size === this.#feeds.length) this.#open.delete(sent.id);
  }

  /** It was one of ours that everybody had. */
  #wasSent({ msg_id, sender_id }: Arrival): boolean {
    const n = msg_id.startsWith(`${sender_id}:`) ? Number(msg_id.slice(sender_id.length + 1)) : Number.NaN;
    return n < (this.#sentBy.get(sender_id) ?? 0);
  }
}

function hasSeq(feed: Feed, seq: number): boolean {
  return seq <= feed.place || feed.beyond.has(seq);
}

type Counter = (what: Count, n: number) => void;

function take(feed: Feed, seq: number, sent: Sent | undefined, count: Counter): void {
  feed.beyond.set(seq, sent && { sender: sent.sender, n: sent.n, resent: sent.resent });
  feed.end = Math.max(feed.end, seq);
  while (feed.beyond.has(feed.place + 1)) {
    feed.place += 1;
    const next = feed.beyond.get(feed.place);
    feed.beyond.delete(feed.place);
    follow(feed, next, count);
  }
}

/** Places are looked at in the order of `seq`, whatever the order in which the messages came. */
function follow(feed: Feed, place: Place | undefined, count: Counter): void {
  if (place === undefined || place.resent) return;
  const last = feed.last.get(place.sender) ?? -1;
  if (place.n < last) count('order_violations', 1);
  else feed.last.set(place.sender, place.n);
}
