import { Counter, Trend } from 'k6/metrics';
import type { Count } from './ledger.ts';
import { SLICES } from './slices.ts';

/** From when it was due to the answer "sent". */
export const sentLatency = new Trend('im_sent_latency', true);
/** From when it was due to its frame, or the page with it, at a reader. */
export const deliveredLatency = new Trend('im_delivered_latency', true);
/** From when it was due to when k6 wrote it: what the latencies hold that is k6's own. */
export const lateness = new Trend('im_late', true);
/** From when a connection was due to the login's answer. */
export const connectLatency = new Trend('im_connect_latency', true);
/** From when the first connection of all was due until this one was logged in and caught up. */
export const readyTime = new Trend('im_ready_time', true);
/** From when a device came back until it had all that it missed. */
export const catchUpLatency = new Trend('im_catch_up_latency', true);

export const counts: Record<Count, Counter> = {
  expected: new Counter('im_expected'),
  delivered: new Counter('im_delivered'),
  missed_pushes: new Counter('im_missed_pushes'),
  missing: new Counter('im_missing'),
  duplicates: new Counter('im_duplicates'),
  repeats: new Counter('im_repeats'),
  order_violations: new Counter('im_order_violations'),
  gaps: new Counter('im_gaps'),
  unexpected: new Counter('im_unexpected'),
  unanswered: new Counter('im_unanswered'),
};
/** Answers other than "sent", by code. Those that may be tried again are. */
export const refusals = new Counter('im_refusals');
/** Connections that ended without having been asked to, by close code. */
export const closes = new Counter('im_closes');
export const connectFailures = new Counter('im_connect_failures');
/** Devices that went offline because the scenario wanted it, and came back. */
export const returns = new Counter('im_returns');
/** Connections that are logged in and caught up. */
export const ready = new Counter('im_ready');
export const reconnects = new Counter('im_reconnects');
/** VUs that came to their end: what the others counted is worth nothing. */
export const settled = new Counter('im_settled');

const TAGS = Array.from({ length: SLICES }, (_, slice) => ({ slice: String(slice) }));
let startMs = 0;
let durationMs = 1;

/** From now on what is measured is tagged with the part of the run in which it was due. */
export function beginSlices(start: number, duration: number): void {
  startMs = start;
  durationMs = duration;
}

export function sliceOf(dueMs: number): { slice: string } {
  const slice = Math.floor(((dueMs - startMs) / durationMs) * SLICES);
  return TAGS[Math.min(Math.max(slice, 0), SLICES - 1)]!;
}
