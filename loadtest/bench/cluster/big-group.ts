import { CMD } from '../../../src/protocol/packets.ts';
import type { Cluster } from '../../../tests/harness/cluster.ts';
import { chatFrames } from '../chat-frames.ts';
import { type FrameClient, openMany } from '../frame-client.ts';
import { cpuSeconds } from '../procfs.ts';
import { atRate, dueAt, quantile, until } from '../rates.ts';
import type { Measurements } from '../report.ts';
import { acceptedPrefix, logIn, refused } from '../seqline-client.ts';
import type { Measurement } from '../workload.ts';
import { doorOf, pidsOf } from './bench-cluster.ts';
import { seedGroup } from './seed.ts';
import type { StartCluster } from './subjects.ts';

const GROUP = 'group_big';
const MEMBERS = 100_000;
const ONLINE = 10_000;
const GATEWAYS = 4;
/** Messages a second to the group. */
const RATES = [1, 2, 5, 10, 20, 50];
const PREFIX = `${acceptedPrefix(CMD.chat)}"msg_id":"`;
const DIGITS = 10;
/** Where the number of a message is followed by its `seq`, it is no answer. */
const STORED = '","seq"';

interface Hall {
  cluster: Cluster;
  speaker: FrameClient;
  members: FrameClient[];
  sent: number;
}

/** What a message to a group of 100,000 costs of whom 10,000 are online, at four gateways; at growing rates. */
export async function measureBigGroup(start: StartCluster, seconds: number): Promise<Measurements> {
  await using cluster = await start({}, { gateways: GATEWAYS });
  const memberIds = Array.from({ length: MEMBERS }, (_, i) => `member-${i}`);
  process.stderr.write(`a group of ${MEMBERS}, ${ONLINE} of them online …\n`);
  await seedGroup(cluster.stores.mysqlUrl, GROUP, memberIds);
  const members = await openMany(ONLINE, (i) => logIn(doorOf(cluster, i % GATEWAYS), memberIds[i]!));
  const speaker = await logIn(doorOf(cluster, 0), memberIds.at(-1)!);
  const hall: Hall = { cluster, speaker, members, sent: 0 };
  const result: Measurements = {};
  for (const rate of RATES) {
    process.stderr.write(`${rate} messages a second …\n`);
    result[`per_second_${rate}`] = await measureAt(hall, rate, seconds);
  }
  for (const client of [speaker, ...members]) client.close();
  return result;
}

async function measureAt(hall: Hall, rate: number, seconds: number): Promise<Measurement> {
  const { cluster, speaker, members } = hall;
  const frames = chatFrames({ conversation_id: GROUP });
  const first = hall.sent;
  const total = Math.ceil(rate * seconds);
  const latencies: number[] = [];
  const from = performance.now();
  for (const member of members) {
    member.onFrame = (bytes, start, end) => {
      const head = bytes.toString('latin1', start, start + PREFIX.length + DIGITS + STORED.length);
      if (!head.startsWith(PREFIX)) throw refused(bytes.toString('utf8', start, end));
      if (!head.endsWith(STORED)) return;
      const number = Number(head.slice(PREFIX.length, PREFIX.length + DIGITS));
      latencies.push(performance.now() - dueAt(from, rate, number - first));
    };
  }
  speaker.onFrame = () => {};
  const gateways = pidsOf(cluster.gateways);
  const cpu = () => cpuSeconds(...gateways);
  const cpuBefore = cpu();
  await atRate(from, rate, total, () => speaker.write(frames.from(hall.sent++, 1)));
  const wanted = total * members.length;
  await until(() => latencies.length >= wanted, 'Every message to every member');
  const took = (performance.now() - from) / 1000;
  const perSecond = latencies.length / took;
  const [p50_ms, p95_ms, p99_ms] = [0.5, 0.95, 0.99].map((share) => quantile(latencies, share));
  const micros = ((cpu() - cpuBefore) * 1e6) / latencies.length;
  return {
    value: perSecond,
    unit: 'frames/s, offered',
    yardstick: rate * members.length,
    ratio: perSecond / (rate * members.length),
    latency: { p50_ms: p50_ms!, p95_ms: p95_ms!, p99_ms: p99_ms! },
    aim: '–',
    met: true,
    notes: [
      `delivered p50 ${p50_ms!.toFixed(0)}, p99 ${p99_ms!.toFixed(0)} ms; ${micros.toFixed(1)} µs of the gateways for a frame`,
    ],
  };
}
