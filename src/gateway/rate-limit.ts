/** Sums of fractions of a token are off by less than this. */
const ROUNDING = 1e-9;

/** A token bucket: `perSecond` on average, twice as many in a burst. */
export class TokenBucket {
  private tokens: number;
  private at: number;

  constructor(perSecond: number, now: number) {
    this.tokens = perSecond * 2;
    this.at = now;
  }

  /** 0 where one was taken, else the milliseconds until there is one. */
  take(perSecond: number, now: number): number {
    const earned = ((now - this.at) * perSecond) / 1000;
    this.tokens = Math.min(perSecond * 2, this.tokens + Math.max(0, earned));
    this.at = now;
    if (this.tokens >= 1 - ROUNDING) {
      this.tokens -= 1;
      return 0;
    }
    return Math.max(1, Math.ceil(((1 - ROUNDING - this.tokens) * 1000) / perSecond));
  }
}

/** Packets of all kinds that a session may send for each chat that it may send. */
export const PACKETS_PER_MESSAGE = 4;

/** A pause in being refused that ends a run of it: a client that waits when it is told so is no flood. */
const RUN_GAP_MS = 1000;

/** Tells a client that keeps sending into its limit from one that was refused now and then. */
export class FloodWatch {
  private since = 0;
  private last = 0;

  /** Notes a refusal; gives how long this run of refusals lasts already, in ms. */
  refused(now: number): number {
    if (now - this.last > RUN_GAP_MS) this.since = now;
    this.last = now;
    return now - this.since;
  }
}
