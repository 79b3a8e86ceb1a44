import type { Logger } from './logger.ts';

/** Which store, and what it or its driver said. */
interface Outage {
  store: string;
  message: string;
}

/** An outage refuses thousands of requests a second; it is told once in this time for each store. */
const TELL_MS = 10_000;

/** Tells of requests that were refused because a store is out of reach: the first, and then how many more. */
export function createOutageLog(logger: Logger, now: () => number): (outage: Outage) => void {
  const told = new Map<string, { at: number; since: number }>();
  return ({ store, message }) => {
    const last = told.get(store);
    if (last && now() - last.at < TELL_MS) {
      last.since++;
      return;
    }
    told.set(store, { at: now(), since: 0 });
    const line = { store, reason: message, refused_since_last_line: last?.since ?? 0 };
    logger.warn(line, 'a request was refused because a store is out of reach');
  };
}
