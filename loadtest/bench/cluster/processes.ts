import { cpuSeconds } from '../procfs.ts';
import type { Measurements } from '../report.ts';
import type { Measurement } from '../workload.ts';
import { type Latencies, latencyNotes, measureLatency } from '../workloads/direct-latency.ts';
import { closePairs, connectPairs, verifyPairs } from '../workloads/direct-pairs.ts';
import { type Counts, doorOf, pidsOf } from './bench-cluster.ts';
import type { StartCluster } from './subjects.ts';

const COUNTS = [1, 2, 3, 4];
/** Messages a second for each process of the kind that grows: what the machine has CPU left for with four of them. */
const RATE = 300;
/** It is measured for as long as so many rounds. */
const ROUNDS = 5;
const WARM_UP_SECONDS = 5;
/** A cost is called flat where it grows by no more than this. */
const GROWTH_MAX = 0.15;

interface Cost {
  /** CPU of the processes of that kind, for one message. */
  micros: number;
  latencies: Latencies;
}

/**
 * What a message takes of gateways with more and more of them and two workers, and of workers with two gateways. Each
 * process more brings as many messages more.
 */
export async function measureProcesses(start: StartCluster, seconds: number): Promise<Measurements> {
  return {
    ...(await growing('gateways', start, seconds)),
    ...(await growing('workers', start, seconds)),
  };
}

async function growing(kind: keyof Counts, start: StartCluster, seconds: number): Promise<Measurements> {
  const found: Measurements = {};
  let one: Cost | undefined;
  for (const count of COUNTS) {
    process.stderr.write(`${kind}: ${count} …\n`);
    const cost = await costWith(start, kind, count, seconds);
    one ??= cost;
    found[`${kind}_${count}`] = judge(kind, cost, one);
  }
  return found;
}

async function costWith(
  start: StartCluster,
  kind: keyof Counts,
  count: number,
  seconds: number,
): Promise<Cost> {
  await using cluster = await start({}, { [kind]: count });
  const doors = cluster.gateways.map((_, i) => doorOf(cluster, i));
  const pairs = await connectPairs((i) => [doors[i % doors.length]!, doors[(i + 1) % doors.length]!]);
  const pids = pidsOf(cluster[kind]);
  const rate = RATE * count;
  await measureLatency(pairs, rate, WARM_UP_SECONDS);
  const before = cpuSeconds(...pids);
  const latencies = await measureLatency(pairs, rate, seconds * ROUNDS);
  const micros = ((cpuSeconds(...pids) - before) * 1e6) / (rate * seconds * ROUNDS);
  await verifyPairs(pairs);
  closePairs(pairs);
  return { micros, latencies };
}

function judge(kind: keyof Counts, cost: Cost, one: Cost): Measurement {
  const ratio = cost.micros / one.micros;
  return {
    value: cost.micros,
    unit: `µs of CPU of ${kind} a message, with one`,
    yardstick: one.micros,
    ratio,
    aim: `≤ ${Math.round((1 + GROWTH_MAX) * 100)} %`,
    met: ratio <= 1 + GROWTH_MAX,
    notes: latencyNotes(cost.latencies),
  };
}
