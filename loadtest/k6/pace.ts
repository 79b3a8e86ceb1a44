export interface Pace {
  /** A second. */
  rate: number;
  startMs: number;
  durationMs: number;
}

export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

/** What is due at the very end is not due any more, however its time was computed. */
const ROUNDING = 1e-6;
/** Of those that are late; then what came in is looked at, too. */
const IN_A_ROW_MAX = 16;

/**
 * An open loop: the n-th is due at its own time, whatever became of those before, and one that comes late is not made
 * up for by sending less. So a server that stalls is charged with all that it kept waiting.
 */
export async function atRate(
  { rate, startMs, durationMs }: Pace,
  act: (dueMs: number, n: number) => void,
  clock: Clock,
): Promise<void> {
  const total = (rate * durationMs) / 1000;
  for (let n = 0; n < total - ROUNDING; n++) {
    const dueMs = startMs + (n * 1000) / rate;
    const waitMs = dueMs - clock.now();
    if (waitMs > 0 || n % IN_A_ROW_MAX === 0) await clock.sleep(Math.max(waitMs, 0));
    act(dueMs, n);
  }
}
