/**
 * Everything at random for as long as you like: `npm run soak -- --minutes 30 --seed 7`. The seed gives the same schedule
 * again. Ends with 1 at the first promise that is broken, else with a summary.
 */
import { parseArgs } from 'node:util';
import { readMetric } from '../harness/read-metrics.ts';
import { NO_TOXIPROXY } from '../harness/toxiproxy.ts';
import { type Arena, NO_ARENA, openArena } from './nemesis/arena.ts';
import { fight, type Outcome } from './nemesis/bout.ts';
import { type Bounds, type Step, schedule } from './nemesis/schedule.ts';
import { createRandom, seedOf } from './seeded-random.ts';

const PEOPLE = { clients: 40, neighbours: 3, groups: 10, membersPerGroup: 10 };
/** Up to beyond a worker's session, so that some who slept wake up as zombies. */
const BOUNDS: Bounds = {
  atOnceMax: 3,
  holdMs: { min: 500, max: 15_000 },
  restMs: { min: 1000, max: 10_000 },
};
/** After so many steps everything is looked through, and others talk. */
const STEPS_PER_BOUT = 8;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, seed: { type: 'string' } },
});
const seed = seedOf(values.seed);
const minutes = Number(values.minutes);
const missing = NO_ARENA || NO_TOXIPROXY;
if (missing || !(minutes > 0)) {
  console.error(missing || '--minutes must be a number above 0');
  process.exitCode = 1;
} else await soak();

async function soak(): Promise<void> {
  console.log(`seed ${seed}, ${minutes} minutes`);
  const deadline = performance.now() + minutes * MINUTE_MS;
  const random = createRandom(seed);
  const outcomes: Outcome[] = [];
  const inflicted = new Map<string, number>();
  await using arena = await openArena();
  const endless = schedule([...arena.faults, ...arena.wayFaults], random, BOUNDS);
  function* steps(): Generator<Step> {
    for (let count = 0; count < STEPS_PER_BOUT && performance.now() < deadline; count++) {
      const step = endless.next().value;
      for (const { name } of step.faults) inflicted.set(name, (inflicted.get(name) ?? 0) + 1);
      yield step;
    }
  }
  let peaks = new Map<string, number>();
  while (performance.now() < deadline) {
    // The people draw numbers at moments that differ from run to run, so the schedule's are its own.
    const people = createRandom(seed + outcomes.length + 1);
    outcomes.push(await fight(arena, { steps: steps(), random: people, people: PEOPLE, tell }));
    peaks = await memoryPeaks(arena, peaks);
  }
  summarize(outcomes, inflicted, peaks);
}

function tell(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
}

/** Memory of each process now, where it is more than before. */
async function memoryPeaks({ cluster }: Arena, before: Map<string, number>): Promise<Map<string, number>> {
  const peaks = new Map(before);
  for (const { name, internalUrl } of [...cluster.gateways, ...cluster.workers]) {
    const bytes = await readMetric(internalUrl, 'process_resident_memory_bytes');
    peaks.set(name, Math.max(bytes, peaks.get(name) ?? 0));
  }
  return peaks;
}

function summarize(outcomes: Outcome[], inflicted: Map<string, number>, peaks: Map<string, number>): void {
  const faults = [...inflicted.values()].reduce((sum, count) => sum + count, 0);
  const answered = outcomes.reduce((sum, outcome) => sum + outcome.answered, 0);
  const slowest = Math.max(...outcomes.map(({ settledMs }) => settledMs));
  console.log(`\nseed ${seed}, ${minutes} minutes: ${answered} messages answered, no promise broken`);
  console.log(`${faults} faults of ${inflicted.size} kinds; everyone had everything within ${slowest} ms`);
  for (const [name, bytes] of peaks) console.log(`${name}: ${Math.round(bytes / 1e6)} MB at most`);
  for (const [name, count] of [...inflicted].sort()) console.log(`${String(count).padStart(5)} ${name}`);
}
