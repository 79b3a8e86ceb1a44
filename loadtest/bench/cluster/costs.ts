import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { CMD } from '../../../src/protocol/packets.ts';
import type { Cluster } from '../../../tests/harness/cluster.ts';
import { chatFrames } from '../chat-frames.ts';
import { type FrameClient, openMany } from '../frame-client.ts';
import { textFrame } from '../frames.ts';
import { settledRssKib } from '../procfs.ts';
import { atRate, until } from '../rates.ts';
import type { Measurements } from '../report.ts';
import { acceptedPrefix, logIn, refused } from '../seqline-client.ts';
import type { Measurement } from '../workload.ts';
import { measureLatency } from '../workloads/direct-latency.ts';
import { closePairs, verifyPairs } from '../workloads/direct-pairs.ts';
import { doorOf } from './bench-cluster.ts';
import { type ByPart, cpuOf, partsNote } from './cpu-by-part.ts';
import { seedGroup } from './seed.ts';
import type { StartCluster } from './subjects.ts';
import { connectTraffic } from './traffic.ts';

const CONNECTIONS = 2000;
const HEARTBEATS_PER_SECOND = 5000;
const MESSAGES_PER_SECOND = 1000;
const GROUP = 'group_costs';
const GROUP_MEMBERS = 1000;
const GROUP_ONLINE = 500;
const GROUP_MESSAGES_PER_SECOND = 20;
const IDLE_SECONDS = 5;

interface Watch {
  cluster: Cluster;
  /** CPU that each part uses a second with nothing to do. */
  idle: ByPart;
}

/** What one connection, heartbeat, message and delivery takes of each part, in the middle of its range and not at its limit. */
export async function measureCosts(start: StartCluster, seconds: number): Promise<Measurements> {
  await using cluster = await start();
  const watch: Watch = { cluster, idle: new Map() };
  const before = cpuOf(cluster);
  await pause(IDLE_SECONDS * 1000);
  watch.idle = new Map(
    [...cpuOf(cluster)].map(([part, cpu]) => [part, (cpu - before.get(part)!) / IDLE_SECONDS]),
  );
  return {
    ...(await connections(watch, seconds)),
    message: await directMessages(watch, seconds),
    ...(await groupMessages(watch, seconds)),
  };
}

async function connections(watch: Watch, seconds: number): Promise<Measurements> {
  const { cluster } = watch;
  const [gateway] = cluster.gateways;
  const [rssBefore, redisBefore] = [await settledRssKib(gateway!.pid()), await redisBytes(cluster)];
  let clients: FrameClient[] = [];
  const login = await costOf(watch, 'login', CONNECTIONS, async () => {
    clients = await openMany(CONNECTIONS, (i) => logIn(doorOf(cluster, 0), `online-${i}`));
  });
  const kib = ((await settledRssKib(gateway!.pid())) - rssBefore) / CONNECTIONS;
  const bytes = ((await redisBytes(cluster)) - redisBefore) / CONNECTIONS;
  login.notes.push(`held: ${kib.toFixed(1)} KiB in the gateway, ${Math.round(bytes)} bytes in Redis`);

  const frame = textFrame(JSON.stringify({ cmd: CMD.heartbeat }));
  const total = HEARTBEATS_PER_SECOND * seconds;
  let answered = 0;
  for (const client of clients) {
    client.onRead = (count) => {
      answered += count;
    };
  }
  const heartbeat = await costOf(watch, 'heartbeat', total, async () => {
    await atRate(performance.now(), HEARTBEATS_PER_SECOND, total, (i) =>
      clients[i % clients.length]!.write(frame),
    );
    await until(() => answered === total, 'The answer to every heartbeat');
  });
  for (const client of clients) client.close();
  return { login, heartbeat };
}

async function directMessages(watch: Watch, seconds: number): Promise<Measurement> {
  const { cluster } = watch;
  const pairs = await connectTraffic(cluster);
  await measureLatency(pairs, MESSAGES_PER_SECOND, seconds);
  const [redisBefore, mysqlBefore] = [await redisBytes(cluster), await mysqlBytes(cluster)];
  const total = MESSAGES_PER_SECOND * seconds;
  const cost = await costOf(watch, 'message', total, async () => {
    await measureLatency(pairs, MESSAGES_PER_SECOND, seconds);
  });
  await verifyPairs(pairs);
  closePairs(pairs);
  const bytes = {
    mysql: ((await mysqlBytes(cluster)) - mysqlBefore) / total,
    redis: ((await redisBytes(cluster)) - redisBefore) / total,
  };
  cost.notes.push(
    `kept: ${Math.round(bytes.mysql)} bytes in MySQL; ${Math.round(bytes.redis)} in Redis for both inboxes`,
  );
  return cost;
}

/** A message to a group costs once, and once for each member who is online. */
async function groupMessages(watch: Watch, seconds: number): Promise<Measurements> {
  const { cluster } = watch;
  const memberIds = Array.from({ length: GROUP_MEMBERS }, (_, i) => `member-${i}`);
  await seedGroup(cluster.stores.mysqlUrl, GROUP, memberIds);
  const speaker = await logIn(doorOf(cluster, 0), memberIds.at(-1)!);
  const alone = await groupTalk(watch, 'group message', speaker, [], seconds);
  const members = await openMany(GROUP_ONLINE, (i) => logIn(doorOf(cluster, i % 2), memberIds[i]!));
  const all = await groupTalk(watch, 'delivery', speaker, members, seconds);
  for (const client of [speaker, ...members]) client.close();
  return { group_message: alone, delivery: all };
}

let groupSent = 0;

async function groupTalk(
  watch: Watch,
  what: string,
  speaker: FrameClient,
  members: FrameClient[],
  seconds: number,
): Promise<Measurement> {
  const frames = chatFrames({ conversation_id: GROUP });
  const total = GROUP_MESSAGES_PER_SECOND * seconds;
  const prefix = acceptedPrefix(CMD.chat);
  let came = 0;
  for (const client of [speaker, ...members]) {
    client.onFrame = (bytes, start, end) => {
      const frame = bytes.toString('latin1', start, end);
      if (!frame.startsWith(prefix)) throw refused(frame);
      if (frame.includes('"seq"')) came++;
    };
  }
  const units = members.length > 0 ? total * members.length : total;
  return await costOf(watch, what, units, async () => {
    await atRate(performance.now(), GROUP_MESSAGES_PER_SECOND, total, () =>
      speaker.write(frames.from(groupSent++, 1)),
    );
    await until(() => came === total * (members.length + 1), 'Every message to every member');
  });
}

/** CPU time of each part for one of `count`, without what it uses when idle. */
async function costOf(
  watch: Watch,
  what: string,
  count: number,
  work: () => Promise<void>,
): Promise<Measurement> {
  process.stderr.write(`${what} …\n`);
  const before = cpuOf(watch.cluster);
  const from = performance.now();
  await work();
  const took = (performance.now() - from) / 1000;
  const micros = new Map(
    [...cpuOf(watch.cluster)].map(([part, cpu]) => {
      const used = cpu - before.get(part)! - watch.idle.get(part)! * took;
      return [part, (Math.max(0, used) * 1e6) / count];
    }),
  );
  const total = [...micros.values()].reduce((sum, one) => sum + one, 0);
  const own = ['gateways', 'workers'].reduce((sum, part) => sum + micros.get(part)!, 0);
  return {
    value: total,
    unit: `µs of CPU a ${what}, own`,
    yardstick: own,
    ratio: own / total,
    aim: '–',
    met: true,
    notes: [partsNote(micros)],
  };
}

async function redisBytes({ stores }: Cluster): Promise<number> {
  const redis = new Redis(stores.redisUrl);
  const info = await redis.info('memory');
  redis.disconnect();
  return Number(/^used_memory_dataset:(\d+)/m.exec(info)![1]);
}

/** Of tables and indexes, as MySQL counts them anew. */
async function mysqlBytes({ stores }: Cluster): Promise<number> {
  const connection = await createConnection(stores.mysqlUrl);
  try {
    const tables = ['timeline_message', 'conversation', 'conversation_member'];
    await connection.query(`ANALYZE TABLE ${tables.join(', ')}`);
    await connection.query('SET SESSION information_schema_stats_expiry = 0');
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT SUM(data_length + index_length) AS bytes FROM information_schema.tables WHERE table_schema = DATABASE()',
    );
    return Number(rows[0]!.bytes);
  } finally {
    await connection.end();
  }
}
