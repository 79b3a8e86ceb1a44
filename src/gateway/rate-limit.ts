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

  /** Takes a token if there is one. */
  take(perSecond: number, now: number): boolean {
    const earned = ((now - this.at) * perSecond) / 1000;
    this.tokens = Math.min(perSecond * 2, this.tokens + Math.max(0, earned));
    this.at = now;
    if (this.tokens < 1 - ROUNDING) return false;
    this.tokens -= 1;
    return true;
  }
}

/** Packets of all kinds that a session may send for each chat that it may send. */
export const PACKETS_PER_MESSAGE = 4;

/** What a client that is refused is told to wait: until then it has earned a second's worth. */
export const RATE_RETRY_AFTER_MS = 1000;

/** Tells a client that keeps sending into its limit from one that waits when it is told to. */
export class FloodWatch {
  private since = 0;
  private last = Number.NEGATIVE_INFINITY;

  /** Notes a refusal; gives how long refusals have followed each other without the wait between them, in ms. */
  refused(now: number): number {
    if (now - this.last >= RATE_RETRY_AFTER_MS) this.since = now;
    this.last = now;
    return now - this.since;
  }
}
