import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS_MAX = 15_000;
/** Slow enough for the rate limit of a session. */
const INTERVAL_MS = 20;

/** Looks again and again until there is something to see: for what the server does by itself and tells nobody. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(INTERVAL_MS);
  }
  throw new Error(`Not within ${WAIT_MS_MAX} ms: ${what}`);
}
