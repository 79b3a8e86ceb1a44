import type { Cluster } from '../../../tests/harness/cluster.ts';
import { cpuSeconds } from '../procfs.ts';
import { busyNote, compareRates, type Load, measureRate } from '../rates.ts';
import type { Measurements } from '../report.ts';
import { startBare } from '../servers.ts';
import type { Measurement } from '../workload.ts';
import { measureCatchUp } from '../workloads/catch-up.ts';
import { storedChatLoad } from '../workloads/direct.ts';
import { type Latencies, latencyLine, measureLatency, medianLatencies } from '../workloads/direct-latency.ts';
import { closePairs, connectPairs, type StoredPair, verifyPairs } from '../workloads/direct-pairs.ts';
import { requireComplete } from '../workloads/ledger.ts';
import { type BareWay, startBareWay } from './bare-way.ts';
import { batchesOf, doorOf, meanBatch, pidsOf } from './bench-cluster.ts';
import { type ByPart, cpuOf, cpuOfServers, partsNote } from './cpu-by-part.ts';
import { kafkaPerfTest, kafkaRecordsPerSecond } from './kafka-yardstick.ts';
import { openPlainInsert } from './plain-insert.ts';
import { hasRedisBenchmark, redisIncrementsPerSecond } from './redis-yardstick.ts';
import type { StartCluster } from './subjects.ts';

/** Messages of each sender that its receiver does not have yet: enough that every stage always has work. */
const WINDOW = 30;
/** Before anything is measured: connections are made, and code is compiled. */
const WARM_UP_SECONDS = 5;
/** Before latencies at a low rate, at which it would take minutes to be as warm as after hours. */
const WARM_UP_PER_SECOND = 2000;
/** With two workers the p99 at 200 a second was 50 ms after 3 s of warming up, and 29 to 37 after 18 and more. */
const LONG_WARM_UP_SECONDS = 20;
const INSERT_SHARE_MIN = 0.35;
const RATE_MIN = 4300;

interface PartLoad {
  name: string;
  perSecond: number;
  sentP99Max?: number;
  deliveredP99Max?: number;
}

/** Messages a second of a quiet day; taken first, as MySQL writes pages for long after a saturation. */
const LIGHT = { perSecond: 200, sentP99Max: 30, deliveredP99Max: 30 };
/** Shares of the rate at saturation. */
const SHARES = [
  { name: '25', share: 0.25 },
  { name: '50', share: 0.5, sentP99Max: 20, deliveredP99Max: 100 },
];
/** An odd number: one standstill of the disk decides a round, and must not decide the median. */
const LATENCY_ROUNDS = 5;
const SIDES = ['seqline', 'bare', 'careful'] as const;
type Sides<T> = Record<(typeof SIDES)[number], T>;
const CATCH_UP_MS_MAX = 600;

/**
 * Direct messages whose sender is at one gateway and whose receiver is at the other. A quiet day needs one worker, as
 * autoscaling leaves it; the second one comes for what follows.
 */
export async function measureTraffic(start: StartCluster, seconds: number): Promise<Measurements> {
  const perfTest = kafkaPerfTest();
  await using cluster = await start({}, { workers: 1 });
  const pairs = await connectTraffic(cluster);
  await using bare = await startBareWay(cluster.stores, 'nothing');
  await using careful = await startBareWay(cluster.stores, 'promises');
  const sides = { seqline: pairs, bare: bare.pairs, careful: careful.pairs };
  const warmUp = (side: StoredPair[]) => measureLatency(side, WARM_UP_PER_SECOND, LONG_WARM_UP_SECONDS);
  for (const side of Object.values(sides)) await warmUp(side);
  const result = await latenciesAt({ name: '200_per_second', ...LIGHT }, sides, seconds);
  await cluster.addWorker();
  await warmUp(pairs);
  Object.assign(result, await latenciesAt({ name: '200_two_workers', ...LIGHT }, sides, seconds));
  progress('messages a second, beside plain inserts');
  const chats = trafficLoad(cluster, pairs);
  const saturation = await measureSaturation(cluster, chats, seconds);
  Object.assign(result, saturation);
  const perSecond = saturation.direct.value;
  progress('the bare way');
  result.bare_way = await besideWay(cluster, chats, bare, seconds);
  progress('the careful way');
  result.careful_way = await besideWay(cluster, chats, careful, seconds);
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
async function besideWay(
  { stores }: Cluster,
  chats: Load,
  { pairs, pids }: BareWay,
  seconds: number,
): Promise<Measurement> {
  const way = storedChatLoad(pids, pairs, WINDOW);
  await measureRate(way, WARM_UP_SECONDS);
  const spent = cpuWatch(
    () => new Map([['front and back', cpuSeconds(...pids)], ...cpuOfServers(stores)]),
    way,
  );
  const rates = await compareRates({ seqline: chats, bare: spent.load }, seconds);
  return {
    value: rates.seqline.perSecond,
    unit: 'messages/s',
    yardstick: rates.bare.perSecond,
    ratio: rates.ratio,
    aim: '–',
    met: true,
    notes: [busyNote(rates), `µs of CPU a message by that way: ${partsNote(spent.micros())}`],
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

/** Beside inserts that have the whole machine, and beside those of a plain loop. */
async function measureSaturation(
  cluster: Cluster,
  chats: Load,
  seconds: number,
): Promise<Record<'direct' | 'direct_beside_one', Measurement>> {
  const before = await batchesOf(cluster);
  await measureRate(chats, WARM_UP_SECONDS);
  const batch = meanBatch(before, await batchesOf(cluster));
  await using plain = await openPlainInsert(cluster.stores.mysqlUrl);
  const spent = cpuWatch(() => cpuOf(cluster), chats);
  const many = await compareRates({ seqline: spent.load, bare: plain.load(batch) }, seconds);
  const one = await compareRates({ seqline: chats, bare: plain.load(batch, 1) }, seconds);
  const measurement = ({ seqline, bare, ratio }: typeof many, notes: string[]): Measurement => ({
    value: seqline.perSecond,
    unit: 'messages/s',
    yardstick: bare.perSecond,
    ratio,
    aim: `≥ ${INSERT_SHARE_MIN * 100} % of plain inserts, ≥ ${RATE_MIN}/s`,
    met: ratio >= INSERT_SHARE_MIN && seqline.perSecond >= RATE_MIN,
    notes,
  });
  return {
    direct: measurement(many, [
      `${Math.round(batch)} rows a batch`,
      `µs of CPU a message: ${partsNote(spent.micros())}`,
    ]),
    direct_beside_one: measurement(one, ['beside one connection, which inserts one batch after the other']),
  };
}

/** The load, and what each part of the system used for a message of it; `clients` is what makes the load. */
function cpuWatch(cpuOfParts: () => ByPart, load: Load): { load: Load; micros(): ByPart } {
  const spent: ByPart = new Map();
  const now = () => new Map([...cpuOfParts(), ['clients', cpuSeconds(process.pid)]]);
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
  sides: Sides<StoredPair[]>,
  seconds: number,
): Promise<Measurements> {
  progress(`latencies at ${Math.round(rate)}/s`);
  const { seqline, bare, careful } = await latenciesInTurns(sides, rate, seconds);
  const measurement = (what: 'sent' | 'delivered', p99Max: number | undefined): Measurement => ({
    value: seqline[what].p99_ms,
    unit: `ms at p99, ${Math.round(rate)}/s`,
    yardstick: bare[what].p99_ms,
    ratio: seqline[what].p99_ms / bare[what].p99_ms,
    latency: seqline[what],
    aim: p99Max === undefined ? '–' : `≤ ${p99Max} ms`,
    met: p99Max === undefined || seqline[what].p99_ms <= p99Max,
    notes: [
      latencyLine(seqline[what]),
      `the bare way: ${latencyLine(bare[what])}`,
      `the careful way: ${latencyLine(careful[what])}`,
    ],
  });
  return {
    [`sent_${name}`]: measurement('sent', sentP99Max),
    [`delivered_${name}`]: measurement('delivered', deliveredP99Max),
  };
}

/** The rounds take turns, so that all meet the same machine. */
async function latenciesInTurns(
  sides: Sides<StoredPair[]>,
  rate: number,
  seconds: number,
): Promise<Sides<Latencies>> {
  const rounds: Sides<Latencies[]> = { seqline: [], bare: [], careful: [] };
  for (let round = 0; round < LATENCY_ROUNDS; round++) {
    for (const side of SIDES) rounds[side].push(await measureLatency(sides[side], rate, seconds));
  }
  return {
    seqline: medianLatencies(rounds.seqline),
    bare: medianLatencies(rounds.bare),
    careful: medianLatencies(rounds.careful),
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
