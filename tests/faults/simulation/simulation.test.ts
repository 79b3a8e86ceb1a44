import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createSqliteTimeline } from '../../../src/adapters/sqlite/sqlite-timeline.ts';
import type { Timeline } from '../../../src/ports/timeline.ts';
import type { AnomalyName } from '../checker/anomaly.ts';
import { seedOf } from '../seeded-random.ts';
import { BREAKAGES } from './breakages.ts';
import { type Plan, planOf } from './plan.ts';
import { type Breakage, runPlan } from './run-plan.ts';
import { shrink } from './shrink.ts';

/** Each run has a seed of its own, from this one on; `SEED=n RUNS=1` is one run again. */
const SEED = seedOf(process.env.SEED) % 2 ** 31;
const RUNS = Number(process.env.RUNS || 10_000);
const TIMEOUT_MS = 600_000;
/** Among so many runs a breakage shows. */
const RUNS_BROKEN = 1000;
/** Runs of what must stay harmless. */
const RUNS_UNNOTICED = 300;
/** What a shrunk plan is not longer than: enough to see that it was shrunk. */
const SHRUNK_MAX = 6;

let runs = 0;

test(`${RUNS} runs of the worker with everything that may go wrong keep every promise`, {
  timeout: TIMEOUT_MS,
}, async (t) => {
  t.diagnostic(`SEED=${SEED} RUNS=${RUNS}`);
  const thread = new Worker(new URL('seed-range.ts', import.meta.url), {
    workerData: { first: SEED, count: RUNS },
  });
  const [failed] = (await once(thread, 'message')) as [number[]];
  await using timeline = createSqliteTimeline({ path: ':memory:' });
  const stories: string[] = [];
  for (const seed of failed) stories.push(await storyOf(planOf(seed), timeline));
  assert.equal(failed.length, 0, stories.join('\n\n'));
});

describe('what is broken on purpose is found:', () => {
  for (const breakage of BREAKAGES) {
    test(`${breakage.name} where ${breakage.what}`, { timeout: TIMEOUT_MS }, async (t) => {
      await using timeline = createSqliteTimeline({ path: ':memory:' });
      const plan = await firstFailing(timeline, breakage);
      assert.ok(plan, `not within ${RUNS_BROKEN} runs`);
      const small = await shrink(plan, (smaller) => isNamed(smaller, timeline, breakage));
      const size = small.events.length + small.faults.length;
      t.diagnostic(`seed ${plan.seed}, shrunk to ${size}: ${JSON.stringify(small)}`);
      assert.ok(size <= SHRUNK_MAX, await storyOf(small, timeline, breakage));
    });
  }
});

test('a worker that never notices that a partition was taken from it does no harm', async () => {
  await using timeline = createSqliteTimeline({ path: ':memory:' });
  for (let seed = SEED; seed < SEED + RUNS_UNNOTICED; seed++) {
    const plan = planOf(seed);
    const { anomalies } = await runPlan(plan, timeline, freshName(), { log: { unnoticed: true } });
    assert.deepEqual(anomalies, [], `seed ${seed}`);
  }
});

test('a run is the same again under its seed', async () => {
  await using timeline = createSqliteTimeline({ path: ':memory:' });
  for (let seed = 0; seed < 20; seed++) {
    const [one, other] = [
      await runPlan(planOf(seed), timeline, freshName()),
      await runPlan(planOf(seed), timeline, freshName()),
    ];
    assert.deepEqual(one.trace, other.trace);
  }
});

async function firstFailing(timeline: Timeline, breakage: Breakage & { name: AnomalyName }) {
  for (let seed = 0; seed < RUNS_BROKEN; seed++) {
    if (await isNamed(planOf(seed), timeline, breakage)) return planOf(seed);
  }
  return undefined;
}

async function isNamed(plan: Plan, timeline: Timeline, breakage: Breakage & { name: AnomalyName }) {
  const { anomalies } = await runPlan(plan, timeline, freshName(), breakage);
  return anomalies.some(({ name }) => name === breakage.name);
}

/** What goes wrong, in the smallest plan in which it does, step by step. */
async function storyOf(plan: Plan, timeline: Timeline, breakage: Breakage = {}): Promise<string> {
  const run = (each: Plan) => runPlan(each, timeline, freshName(), breakage);
  const small = await shrink(plan, async (smaller) => (await run(smaller)).anomalies.length > 0);
  const { anomalies, trace } = await run(small);
  const found = anomalies.map(({ name, text }) => `${name}: ${text}`);
  return [`SEED=${plan.seed}`, ...found, JSON.stringify(small), ...trace].join('\n');
}

function freshName(): string {
  runs += 1;
  return `t${runs}`;
}
