import { partitionOf } from '../../../src/adapters/kafka/murmur2.ts';
import type { Cluster } from '../../../tests/harness/cluster.ts';
import { compareRates, measureRate, type Rate } from '../rates.ts';
import type { Measurements } from '../report.ts';
import type { Measurement } from '../workload.ts';
import { batchesOf, doorOf, meanBatch, pidsOf } from './bench-cluster.ts';
import { type Crowd, type CrowdSize, connectCrowd, crowdConversations } from './crowd.ts';
import { PARTITIONS } from './kafka-topics.ts';
import { openPlainInsert, type PlainInsert } from './plain-insert.ts';
import { seed } from './seed.ts';
import type { StartCluster } from './subjects.ts';

const FEW = { senders: 100, conversations: 1000 };
const MANY = { senders: 100, conversations: 100_000 };
const STORED = 1_000_000;
/** One conversation alone, and how many messages it has. */
const ONE = { senders: 1, conversations: 1 };
const SHALLOW = 100;
const DEEP = 1_000_000;
const WARM_UP_SECONDS = 4;
/** A cost is called flat where the rate stays at least this share of the other. */
const SHARE_MIN = 0.85;

/**
 * The rate at saturation tells what a message costs. Few and many conversations take turns. An empty table and a full
 * one cannot, so of these both rates are taken as shares of the plain insert's beside them, whose table is small both times.
 */
export async function measureFlatCost(start: StartCluster, seconds: number): Promise<Measurements> {
  await using cluster = await start();
  const { mysqlUrl } = cluster.stores;
  await using plain = await openPlainInsert(mysqlUrl);
  const doors = cluster.gateways.map((_, i) => doorOf(cluster, i));
  const pids = pidsOf([...cluster.gateways, ...cluster.workers]);
  const connect = async (name: string, size: CrowdSize, messages: number): Promise<Crowd> => {
    await seed(mysqlUrl, crowdConversations(name, size, messages));
    return await connectCrowd(doors, pids, name, size);
  };

  progress('an empty table');
  const first = await connect('first', FEW, 0);
  const empty = await besidePlain(cluster, first, plain, seconds);
  first.close();

  progress(`${STORED} messages stored`);
  const few = await connect('few', FEW, STORED / FEW.conversations);
  const full = await besidePlain(cluster, few, plain, seconds);

  progress(`${MANY.conversations} conversations`);
  const many = await connect('many', MANY, 0);
  const broad = await inTurns(many, few, seconds);

  progress(`${DEEP} messages in one conversation`);
  const deep = await connect('deep', ONE, DEEP);
  const shallow = await connect(besides('deep'), ONE, SHALLOW);
  const long = await inTurns(deep, shallow, seconds);
  return {
    stored_1000000: flat(
      'messages/s',
      full.seqline,
      empty.seqline,
      full.ratio / empty.ratio,
      `of plain inserts: ${percent(empty.ratio)} with none stored, ${percent(full.ratio)} with ${STORED}`,
    ),
    conversations_100000: flat(
      'messages/s',
      broad.seqline,
      broad.bare,
      broad.ratio,
      `beside ${FEW.conversations} conversations`,
    ),
    depth_1000000: flat(
      'messages/s',
      long.seqline,
      long.bare,
      long.ratio,
      `one conversation of ${DEEP} messages beside one of ${SHALLOW}`,
    ),
  };
}

/** The name of one whose conversation is in the same partition, so that one worker has both. */
function besides(name: string): string {
  const partition = (of: string) =>
    partitionOf(crowdConversations(of, ONE, 0)[0]!.conversationId, PARTITIONS);
  for (let i = 0; ; i++) {
    const other = `shallow-${i}`;
    if (partition(other) === partition(name)) return other;
  }
}

type Compared = Awaited<ReturnType<typeof compareRates>>;

/** Ends with both closed. */
async function inTurns(crowd: Crowd, other: Crowd, seconds: number): Promise<Compared> {
  await measureRate(crowd, WARM_UP_SECONDS);
  await measureRate(other, WARM_UP_SECONDS);
  const compared = await compareRates({ seqline: crowd, bare: other }, seconds);
  crowd.close();
  other.close();
  return compared;
}

async function besidePlain(
  cluster: Cluster,
  crowd: Crowd,
  plain: PlainInsert,
  seconds: number,
): Promise<Compared> {
  const before = await batchesOf(cluster);
  await measureRate(crowd, WARM_UP_SECONDS);
  const batch = meanBatch(before, await batchesOf(cluster));
  return await compareRates({ seqline: crowd, bare: plain.load(batch) }, seconds);
}

function flat(unit: string, { perSecond }: Rate, other: Rate, ratio: number, note: string): Measurement {
  return {
    value: perSecond,
    unit,
    yardstick: other.perSecond,
    ratio,
    aim: `≥ ${percent(SHARE_MIN)}`,
    met: ratio >= SHARE_MIN,
    notes: [note],
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function progress(what: string): void {
  process.stderr.write(`${what} …\n`);
}
