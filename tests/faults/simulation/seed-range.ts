import { parentPort, workerData } from 'node:worker_threads';
import { createSqliteTimeline } from '../../../src/adapters/sqlite/sqlite-timeline.ts';
import { planOf } from './plan.ts';
import { runPlan } from './run-plan.ts';

/** So many are enough to look at. */
const FAILURES_MAX = 3;

/**
 * A thread that runs the plans of `count` seeds from `first` on, and posts those that went wrong. Not in the test's own
 * thread, where the test runner follows every promise.
 */
const { first, count } = workerData as { first: number; count: number };
await using timeline = createSqliteTimeline({ path: ':memory:' });
const failed: number[] = [];
for (let seed = first; seed < first + count && failed.length < FAILURES_MAX; seed++) {
  const { anomalies } = await runPlan(planOf(seed), timeline, `r${seed}`);
  if (anomalies.length > 0) failed.push(seed);
}
parentPort!.postMessage(failed);
