import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import type { Internal } from './internal.ts';

const PAUSE_MIN_MS = 250;
const PAUSE_MAX_MS = 10_000;

/**
 * Tries until `check` passes: a server that is not there yet is no reason to end. Meanwhile the process is alive and
 * not ready, and says why. Ends early, with the signal's reason, when the process is to stop.
 */
export async function untilReachable(
  check: () => Promise<void>,
  { internal, logger, signal }: { internal: Internal; logger: Logger; signal: AbortSignal },
): Promise<void> {
  for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS)) {
    signal.throwIfAborted();
    try {
      await check();
      return;
    } catch (error) {
      internal.waiting((error as Error).message);
      logger.warn({ reason: (error as Error).message, retry_in_ms: pauseMs }, 'waiting for the servers');
      await sleep(pauseMs, undefined, { signal });
    }
  }
}
