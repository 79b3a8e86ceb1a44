import type { Anomaly } from './anomaly.ts';
import { bodyAnomalies } from './bodies.ts';
import type { History } from './history.ts';
import { ledgersOf } from './ledger.ts';
import { orderAnomalies } from './order.ts';
import { placeAnomalies } from './places.ts';
import { readerAnomalies } from './readers.ts';

export interface CheckOptions {
  /** Live readers have seen a message so long after it was known, or after healing, whichever is later. */
  unseenMs: number;
}

const DEFAULTS: CheckOptions = { unseenMs: 30_000 };

/**
 * Everything in a history that breaks a promise of the server; empty where all are kept. It takes the server’s word for
 * nothing.
 */
export function check(history: History, options: Partial<CheckOptions> = {}): Anomaly[] {
  const settings = { ...DEFAULTS, ...options };
  return ledgersOf(history).flatMap((ledger) => [
    ...bodyAnomalies(ledger),
    ...placeAnomalies(ledger),
    ...orderAnomalies(ledger),
    ...readerAnomalies(ledger, settings),
  ]);
}
