import type { Cluster } from '../../../tests/harness/cluster.ts';
import { cpuSeconds } from '../procfs.ts';
import { busyNote, compareRates, type Load, measureRate } from '../rates.ts';
import type { Measurements } from '../report.ts';
import { startBare } from '../servers.ts';
import type { Measurement } from '../workload.ts';
import { measureCatchUp } from '../workloads/catch-up.ts';
import { storedChatLoad } from '../workloads/direct.ts';
import { latencyLine, measureLatency } from '../workloads/direct-latency.ts';
import { closePairs, connectPairs, type StoredPair, verifyPairs } from '../workloads/direct-pairs.ts';
import { requireComplete } from '../workloads/ledger.ts';
import { type BareWay, startBareWay } from './bare-way.ts';
import { batchesOf, doorOf, meanBatch, pidsOf } from './bench-cluster.ts';
import { type ByPart, cpuOf, partsNote } from './cpu-by-part.ts';
import { kafkaPerfTest, kafkaRecordsPerSecond } from './kafka-yardstick.ts';
import { openPlainInsert } from './plain-insert.ts';
import { hasRedisBenchmark, redisIncrementsPerSecond } from './redis-yardstick.ts';
import type { StartCluster } from './subjects.ts';

/** Messages of each sender that its receiver does not have yet: enough that every stage always has work. */
const WINDOW = 30;
/** Before anything is measured: connections are made, and code is compiled. */
const WARM_UP_SECONDS = 5;
const INSERT_SHARE_MIN = 0.35;
const RATE_MIN = 4300;

interface PartLoad {
  name: string;
  perSecond: number;
  sentP99Max?: number;
  deliveredP99Max?: number;
}

/** Messages a second of a quiet day; taken first, as MySQL writes pages for long after a saturation. */
const LIGHT: PartLoad = { name: '200_per_second', perSecond: 200, sentP99Max: 30, deliveredP99Max: 30 };
/** Shares of the rate at saturation. */
const SHARES = [
  { name: '25', share: 0.25 },
  { name: '50', share: 0.5, sentP99Max: 20, deliveredP99Max: 100 },
];
/** Latencies are taken for as long as so many rounds. */
const LATENCY_ROUNDS = 3;
const CATCH_UP_MS_MAX = 600;

/** Direct messages whose sender is at one gateway and whose receiver is at the other. */
export async function measureTraffic(start: StartCluster, seconds: number): Promise<Measurements> {
  const perfTest = kafkaPerfTest();
  await using cluster = await start();
  const pairs = await connectTraffic(cluster);
  await using bare = await startBareWay(cluster.stores, 'nothing');
  await using careful = await startBareWay(cluster.stores, 'promises');
  const sides = { seqline: pairs, bare: bare.pairs, careful: careful.pairs };
  for (const side of Object.values(sides)) await measureLatency(side, LIGHT.perSecond, WARM_UP_SECONDS);
  const result = await latenciesAt(LIGHT, sides, seconds);
  progress('messages a second, beside plain inserts');
  const chats = trafficLoad(cluster, pairs);
  result.direct = await measureSaturation(cluster, chats, seconds);
  const perSecond = result.direct.value;
  progress('the bare way');
  result.bare_way = await besideWay(chats, bare, seconds);
  progress('the careful way');
  result.careful_way = await besideWay(chats, careful, seconds);
  for (const { share, ...load } of SHARES) {
    Object.assign(result, await latenciesAt({ ...load, perSecond: perSecond * share }, sides, seconds));
  }
  await verifyPairs(pairs);
  closePairs(pairs);
  requireComplete(bare.pairs);
  requireComplete(careful.pairs);
  result.catch_up = await catchUp(cluster);
  return { ...result, ...(await measureServers(cluster, perfTest, perSecond)) };
}

/** Written through one gateway, pulled through the other. */
async function catchUp(cluster: Cluster): Promise<Measurement> {
  progress('a long conversation, pulled');
  await using bare = await startBare();
  return await measureCatchUp(
    { writers: doorOf(cluster, 0), readers: doorOf(cluster, 1), bare },
    CATCH_UP_MS_MAX,
  );
}

/** Beside the same work by less with the same libraries and servers. */
async function besideWay(chats: Load, { pairs, pids }: BareWay, seconds: number): Promise<Measurement> {
  const bare = storedChatLoad(pids, pairs, WINDOW);
  await measureRate(bare, WARM_UP_SECONDS);
  const rates = await compareRates({ seqline: chats, bare }, seconds);
  return {
    value: rates.seqline.perSecond,
    unit: 'messages/s',
    yardstick: rates.bare.perSecond,
    ratio: rates.ratio,
    aim: '–',
    met: true,
    notes: [busyNote(rates)],
  };
}

/** People who send through one gateway to others at the other one. */
export function connectTraffic(cluster: Cluster): Promise<StoredPair[]> {
  return connectPairs(() => [doorOf(cluster, 0), doorOf(cluster, 1)]);
}

/** With as many messages under way as keep all busy. */
export function trafficLoad({ gateways, workers }: Cluster, pairs: StoredPair[]): Load {
  return storedChatLoad(pidsOf([...gateways, ...workers]), pairs, WINDOW);
}

async function measureSaturation(cluster: Cluster, chats: Load, seconds: number): Promise<Measurement> {
  const before = await batchesOf(cluster);
  await measureRate(chats, WARM_UP_SECONDS);
  const batch = meanBatch(before, await batchesOf(cluster));
  await using plain = await openPlainInsert(cluster.stores.mysqlUrl);
  const spent = cpuWatch(cluster, chats);
  const rates = await compareRates({ seqline: spent.load, bare: plain.load(batch) }, seconds);
  const { perSecond } = rates.seqline;
  return {
    value: perSecond,
    unit: 'messages/s',
    yardstick: rates.bare.perSecond,
    ratio: rates.ratio,
    aim: `≥ ${INSERT_SHARE_MIN * 100} % of plain inserts, ≥ ${RATE_MIN}/s`,
    met: rates.ratio >= INSERT_SHARE_MIN && perSecond >= RATE_MIN,
    notes: [`${Math.round(batch)} rows a batch`, `µs of CPU a message: ${partsNote(spent.micros())}`],
  };
}

/** The load, and what each part of the system used for a message of it; `clients` is what makes the load. */
function cpuWatch(cluster: Cluster, load: Load): { load: Load; micros(): ByPart } {
  const spent: ByPart = new Map();
  const now = () => new Map([...cpuOf(cluster), ['clients', cpuSeconds(process.pid)]]);
  let before = now();
  let count = 0;
  return {
    load: {
      ...load,
      start() {
        before = now();
        count -= load.done();
        load.start();
      },
      async stop() {
        await load.stop();
        count += load.done();
        for (const [part, cpu] of now()) spent.set(part, (spent.get(part) ?? 0) + cpu - before.get(part)!);
      },
    },
    micros: () => new Map([...spent].map(([part, cpu]) => [part, (cpu * 1e6) / count])),
  };
}

/** At an offered rate, in an open loop, and by the bare and the careful way at the same. */
async function latenciesAt(
  { name, perSecond: rate, sentP99Max, deliveredP99Max }: PartLoad,
  { seqline, bare, careful }: Record<'seqline' | 'bare' | 'careful', StoredPair[]>,
  seconds: number,
): Promise<Measurements> {
  progress(`latencies at ${Math.round(rate)}/s`);
  const found = await measureLatency(seqline, rate, seconds * LATENCY_ROUNDS);
  progress('the bare way at the same');
  const least = await measureLatency(bare, rate, seconds * LATENCY_ROUNDS);
  progress('the careful way at the same');
  const kept = await measureLatency(careful, rate, seconds * LATENCY_ROUNDS);
  const measurement = (what: 'sent' | 'delivered', p99Max: number | undefined): Measurement => ({
    value: found[what].p99_ms,
    unit: `ms at p99, ${Math.round(rate)}/s`,
    yardstick: least[what].p99_ms,
    ratio: found[what].p99_ms / least[what].p99_ms,
    latency: found[what],
    aim: p99Max === undefined ? '–' : `≤ ${p99Max} ms`,
    met: p99Max === undefined || found[what].p99_ms <= p99Max,
    notes: [
      latencyLine(found[what]),
      `the bare way: ${latencyLine(least[what])}`,
      `the careful way: ${latencyLine(kept[what])}`,
    ],
  });
  return {
    [`sent_${name}`]: measurement('sent', sentP99Max),
    [`delivered_${name}`]: measurement('delivered', deliveredP99Max),
  };
}

/** What Kafka and Redis do by themselves, where their own programs are to be found. */
async function measureServers(
  { stores }: Cluster,
  perfTest: string | undefined,
  perSecond: number,
): Promise<Measurements> {
  const result: Measurements = {};
  const beside = (unit: string, yardstick: number): Measurement => {
    return {
      value: perSecond,
      unit,
      yardstick,
      ratio: perSecond / yardstick,
      aim: '–',
      met: true,
      notes: [],
    };
  };
  if (perfTest) {
    progress("Kafka's producer test");
    result.kafka_producer = beside(
      'messages/s, records/s',
      await kafkaRecordsPerSecond(perfTest, stores.kafka),
    );
  } else console.error("bench:cluster: without Kafka's producer test: set KAFKA_PERF_TEST or KAFKA_HOME.");
  if (await hasRedisBenchmark()) {
    progress("Redis's benchmark");
    result.redis_incr = beside('messages/s, INCR/s', await redisIncrementsPerSecond(stores.redisUrl));
  } else console.error('bench:cluster: without redis-benchmark: it is not on the PATH.');
  return result;
}

function progress(what: string): void {
  process.stderr.write(`${what} …\n`);
}
