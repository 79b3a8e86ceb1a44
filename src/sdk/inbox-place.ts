import type { InboxHead } from '../protocol/packets.ts';

/** Numbers seen beyond a gap that are remembered; the inbox is pulled long before there are so many. */
const BEYOND_MAX = 1_000;

export interface InboxPlaceOptions {
  save(place: InboxHead): void;
  /** Messages up to here have arrived; not called where the place was merely taken over from the server. */
  onReached(place: InboxHead): void;
}

/**
 * How far this device has come in the user's inbox. Direct messages of different conversations may be pushed in another
 * order than the inbox has them, so numbers beyond the place are remembered until those before them have come.
 */
export class InboxPlace {
  readonly #options: InboxPlaceOptions;
  readonly #beyond = new Set<number>();
  #place: InboxHead | undefined;

  constructor(options: InboxPlaceOptions) {
    this.#options = options;
  }

  get place(): InboxHead | undefined {
    return this.#place;
  }

  /** Numbers are missing between the place and one that was seen. */
  get gap(): boolean {
    return this.#beyond.size > 0;
  }

  /** Whether nothing of the inbox is missing that `head` counts. */
  covers(head: InboxHead): boolean {
    return this.#place?.epoch === head.epoch && this.#place.seq >= head.seq;
  }

  /** What an earlier run has kept. */
  restore(place: InboxHead | undefined): void {
    this.#place = place;
  }

  /** Starts over at `head`: what came before it comes by way of the conversations. */
  restart(head: InboxHead): void {
    this.#beyond.clear();
    this.#set(head);
  }

  /** A direct message with this number has arrived. */
  seen(seq: number): void {
    if (!this.#place || seq <= this.#place.seq) return;
    if (this.#beyond.size < BEYOND_MAX) this.#beyond.add(seq);
    this.#advance(this.#place);
  }

  /** Everything up to `seq` has arrived. */
  reached(seq: number): void {
    if (!this.#place || seq <= this.#place.seq) return;
    for (const beyond of this.#beyond) if (beyond <= seq) this.#beyond.delete(beyond);
    this.#advance({ epoch: this.#place.epoch, seq });
  }

  #advance({ epoch, seq }: InboxHead): void {
    let next = seq;
    while (this.#beyond.delete(next + 1)) next += 1;
    if (next === this.#place?.seq) return;
    const place = { epoch, seq: next };
    this.#set(place);
    this.#options.onReached(place);
  }

  #set(place: InboxHead): void {
    this.#place = place;
    this.#options.save(place);
  }
}
