import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../../../tests/harness/cluster.ts';
import { cpuSeconds } from '../procfs.ts';
import { type Load, measureRate, median, quantile } from '../rates.ts';
import type { Measurements } from '../report.ts';
import type { Measurement } from '../workload.ts';
import { closePairs, verifyPairs } from '../workloads/direct-pairs.ts';
import type { StartCluster } from './subjects.ts';
import { connectTraffic, trafficLoad } from './traffic.ts';

const PRELOAD = path.join(import.meta.dirname, 'switch/preload.ts');
const SAMPLED_SHARE = 0.01;
const WARM_UP_SECONDS = 8;
/** Each is a stretch with and one without; every other one begins without. A stretch alone tells little: many do. */
const PAIRS_PER_SECOND = 40;
const STRETCH_MS = 1000;
/** After switching, before it counts. */
const SETTLE_MS = 100;
/** What the whole may cost of the rate at saturation. */
const COST_MAX = 0.03;

interface Stretch {
  perSecond: number;
  /** Of seqline's processes together. */
  cpuMicrosPerMessage: number;
}

/**
 * What metrics cost at saturation, and tracing of one message in a hundred. The same processes go on with the same
 * work, and switch it off and on again, so nothing else differs between two stretches.
 */
export async function measureTelemetryCost(start: StartCluster, seconds: number): Promise<Measurements> {
  return {
    metrics: await costOf(start, 'metrics', seconds),
    tracing_1_percent: await costOf(start, 'tracing', seconds),
  };
}

async function costOf(
  start: StartCluster,
  what: 'metrics' | 'tracing',
  seconds: number,
): Promise<Measurement> {
  process.stderr.write(`${what} …\n`);
  await using collector = await startCollector();
  const env = { SWITCH: what, NODE_OPTIONS: `--import=${PRELOAD}`, ...(what === 'tracing' && collector.env) };
  await using cluster = await start(env);
  const pairs = await connectTraffic(cluster);
  const load = trafficLoad(cluster, pairs);
  await measureRate(load, WARM_UP_SECONDS);
  load.start();
  const found = await compareStretches(cluster, load, seconds);
  await load.stop();
  await verifyPairs(pairs);
  closePairs(pairs);
  if (what === 'tracing' && collector.bytes() === 0) throw new Error('No span came to the collector.');
  return found;
}

async function compareStretches(cluster: Cluster, load: Load, seconds: number): Promise<Measurement> {
  const found: { on: Stretch; off: Stretch }[] = [];
  const scrape = scraper(cluster);
  let on = true;
  const stretch = async (wanted: boolean): Promise<Stretch> => {
    if (on !== wanted) for (const pid of load.pids) process.kill(pid, 'SIGUSR2');
    on = wanted;
    await pause(SETTLE_MS);
    return await measureStretch(load, wanted ? scrape : async () => {});
  };
  for (let i = 0; i < PAIRS_PER_SECOND * seconds; i++) {
    const first = await stretch(i % 2 === 0);
    const second = await stretch(i % 2 !== 0);
    found.push(i % 2 === 0 ? { on: first, off: second } : { on: second, off: first });
  }
  return judge(found);
}

async function measureStretch(load: Load, meanwhile: () => Promise<void>): Promise<Stretch> {
  const cpu = () => cpuSeconds(...load.pids);
  const [from, cpuBefore, doneBefore] = [performance.now(), cpu(), load.done()];
  await Promise.all([pause(STRETCH_MS), meanwhile()]);
  const done = load.done() - doneBefore;
  return {
    perSecond: (done * 1000) / (performance.now() - from),
    cpuMicrosPerMessage: ((cpu() - cpuBefore) * 1e6) / done,
  };
}

/** Of one process after the other, one in each stretch: each is asked more often than Prometheus would. */
function scraper({ gateways, workers }: Cluster): () => Promise<void> {
  const all = [...gateways, ...workers];
  let turn = 0;
  return async () => {
    const { internalUrl } = all[turn++ % all.length]!;
    await (await fetch(`${internalUrl}/metrics`)).text();
  };
}

function judge(found: { on: Stretch; off: Stretch }[]): Measurement {
  const rates = found.map(({ on, off }) => on.perSecond / off.perSecond);
  const cpus = found.map(({ on, off }) => on.cpuMicrosPerMessage / off.cpuMicrosPerMessage);
  const ratio = median(rates);
  return {
    value: median(found.map(({ on }) => on.perSecond)),
    unit: 'messages/s, without',
    yardstick: median(found.map(({ off }) => off.perSecond)),
    ratio,
    aim: `≥ ${percent(1 - COST_MAX)}`,
    met: ratio >= 1 - COST_MAX,
    notes: [
      `rate with against without, ${found.length} pairs: ${spread(rates)}`,
      `CPU time of gateways and workers for a message: ${spread(cpus)}`,
    ],
  };
}

function spread(ratios: number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => percent(quantile(ratios, share)));
  return `median ${middle}, half of them within ${low} and ${high}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Takes what exporters send, and drops it. */
async function startCollector() {
  let bytes = 0;
  const server = createServer((request, response) => {
    request.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    request.on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    bytes: () => bytes,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: String(SAMPLED_SHARE),
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
