import { CLOSES, CODES, closeByCode, codeName } from '../protocol/codes.ts';
import type { ReconnectOptions } from './types.ts';

export const RECONNECT_DEFAULTS: ReconnectOptions = { baseMs: 1_000, maxMs: 30_000 };

/**
 * A session shorter than this leaves the backoff as it is: else a gateway that takes a login and closes at once would
 * be asked again without end at the first, shortest delay.
 */
export const SETTLED_MS = 5_000;

/** How a connection, or the attempt at one, ended. */
export interface Ending {
  /** The socket's close code; what no server told is 1006. */
  closeCode: number;
  /** Set where the login was answered with a refusal; it then counts in place of the close code. */
  refusal?: { code: number; retryAfterMs?: number | undefined };
  /** How long the session was logged in; 0 where it never was. */
  onlineMs: number;
  /** What is left of the time that the event `drain` named, where that event came. */
  drainLeftMs?: number | undefined;
}

export type Verdict = { reconnect: false } | { reconnect: true; delayMs: number };

export interface ReconnectPolicy {
  next(ending: Ending): Verdict;
}

/**
 * Full jitter: each delay is drawn from [0, ceiling), and the ceiling doubles from `baseMs` to `maxMs`. So clients that
 * lost a gateway together come back spread out, which an exponential delay alone does not do.
 */
export function createReconnectPolicy(
  { baseMs, maxMs }: ReconnectOptions,
  random: () => number,
): ReconnectPolicy {
  let attempts = 0;

  function next(ending: Ending): Verdict {
    if (isFinal(ending)) return { reconnect: false };
    if (ending.onlineMs >= SETTLED_MS) attempts = 0;
    if (ending.drainLeftMs !== undefined) {
      attempts = 0;
      return { reconnect: true, delayMs: Math.max(0, ending.drainLeftMs) };
    }
    const ceilingMs = Math.min(maxMs, baseMs * 2 ** attempts);
    attempts += 1;
    if (isTooMany(ending)) return { reconnect: true, delayMs: maxMs * (0.5 + random() / 2) };
    return { reconnect: true, delayMs: (ending.refusal?.retryAfterMs ?? 0) + random() * ceilingMs };
  }

  return { next };
}

function isFinal({ closeCode, refusal }: Ending): boolean {
  if (!refusal) return closeByCode(closeCode)?.reconnect === 'no';
  const name = codeName(refusal.code);
  return name === undefined || CODES[name].retry === 'none';
}

/** Too many connections or packets: coming back soon would only be refused again. */
function isTooMany({ closeCode, refusal }: Ending): boolean {
  return refusal ? refusal.code === CODES.rate_limited.code : closeCode === CLOSES.too_many.code;
}
