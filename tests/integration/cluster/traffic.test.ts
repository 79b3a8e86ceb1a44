import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KAFKA_NAMES } from '../../../src/adapters/kafka/kafka-topics.ts';
import { until } from '../../contract/wait.ts';
import type { Chatter } from '../../faults/chatter.ts';
import type { FinalPull } from '../../faults/checker/history.ts';
import { createRandom, seedOf } from '../../faults/seeded-random.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { isReady } from '../../harness/cluster-process.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { NO_LAB, type ServerName, without } from '../../harness/lab.ts';
import { withAdmin } from '../kafka-run.ts';
import { checkPromises, gather, greet, settle, untilSaid } from './crowd.ts';
import { readTimeline } from './timeline-rows.ts';

const MESSAGES = Number(process.env.MESSAGES || 10_000);
const SEED = seedOf(process.env.SEED);
/** A thousand direct conversations and fifty groups. */
const PLAN = { clients: 100, neighbours: 10, groups: 50, membersPerGroup: 8 };
/** What is said while a process or server is away, so that its absence is felt. */
const SAID_MEANWHILE = 100;
/** The slowest that a busy machine may be. */
const MESSAGES_PER_SECOND_MIN = 20;
const STEP_MS_MAX = 120_000 + (MESSAGES / MESSAGES_PER_SECOND_MIN) * 1000;
/** A few thousand messages with nothing in their way. */
const GREET_MS_MAX = 60_000;
const OPTIONS = {
  gateways: 2,
  workers: 2,
  env: { MESSAGES_PER_SECOND: '1000', HEARTBEAT_INTERVAL_MS: '3000', HEARTBEAT_TIMEOUT_MS: '30000' },
};

type Step = (cluster: Cluster, crowd: Chatter[]) => Promise<void>;

const COMINGS_AND_GOINGS: Step[] = [
  async (cluster) => void (await cluster.addWorker()),
  (cluster) => leaveWell(cluster, 0),
  killWorker,
  (cluster) => cluster.workers[0]!.start(),
  killGateway,
  freezeWorker,
  (cluster) => leaveWell(cluster, 2),
];

const OUTAGES: Step[] = (['redis', 'mysql', 'kafka'] as ServerName[]).map(
  (server) => (_cluster, crowd) =>
    without(server, 'kill', async () => {
      // With Kafka away nothing is answered, and everyone soon has as much on their way as they may.
      if (server !== 'kafka') await sayMore(crowd, SAID_MEANWHILE);
    }),
);

/** Servers are killed where there is a program that does it. */
const STEPS = NO_LAB ? COMINGS_AND_GOINGS : [...COMINGS_AND_GOINGS, ...OUTAGES];
const AND_SERVERS = NO_LAB ? '' : ', and each server is killed once';

test(
  `${MESSAGES} messages while workers and a gateway come, go and freeze${AND_SERVERS}`,
  { skip: NO_SERVERS, timeout: 2 * STEP_MS_MAX },
  traffic,
);

async function traffic(t: TestContext): Promise<void> {
  t.diagnostic(`SEED=${SEED}`);
  await using cluster = await startCluster(OPTIONS);
  const crowd = await gather(cluster, { ...PLAN, random: createRandom(SEED) });
  try {
    const startedAt = performance.now();
    await greet(crowd, GREET_MS_MAX);
    for (const chatter of crowd) chatter.talk();
    for (const [index, step] of STEPS.entries()) {
      await untilSaid(crowd, ((index + 1) * MESSAGES) / (STEPS.length + 1), STEP_MS_MAX);
      await step(cluster, crowd);
      t.diagnostic(`step ${index + 1} of ${STEPS.length} after ${elapsed(startedAt)}`);
    }
    await untilSaid(crowd, MESSAGES, STEP_MS_MAX);
    await settle(crowd, STEP_MS_MAX);
    t.diagnostic(`all there after ${elapsed(startedAt)}`);
    await checkTable(cluster, await checkPromises(t, cluster, crowd));
  } catch (error) {
    t.diagnostic(`What the cluster wrote:\n${cluster.log()}`);
    throw error;
  } finally {
    await Promise.all(crowd.map((chatter) => chatter.close()));
  }
}

async function leaveWell(cluster: Cluster, index: number): Promise<void> {
  assert.deepEqual(await cluster.workers[index]!.stop(), { code: 0, signal: null });
}

/** Another one comes in its place. */
async function killWorker(cluster: Cluster): Promise<void> {
  cluster.workers[1]!.signal('SIGKILL');
  await cluster.workers[1]!.exited();
  await cluster.addWorker();
}

/** For longer than its session: others take over its partitions, and then it wakes with what it had in hand. */
async function freezeWorker({ workers, stores: { kafka } }: Cluster): Promise<void> {
  const membersAre = (count: number) =>
    withAdmin(kafka, async (admin) => {
      const { groups } = await admin.describeGroups([KAFKA_NAMES.messages.group]);
      return groups[0]!.members.length === count;
    });
  const ready = await Promise.all(workers.map(({ internalUrl }) => isReady(`${internalUrl}/readyz`)));
  const running = ready.filter(Boolean).length;
  await until('all that run are members', () => membersAre(running), STEP_MS_MAX);
  workers[0]!.signal('SIGSTOP');
  try {
    await until('others have its partitions', () => membersAre(running - 1), STEP_MS_MAX);
  } finally {
    workers[0]!.signal('SIGCONT');
  }
  await until('it is back', () => membersAre(running), STEP_MS_MAX);
}

async function killGateway({ gateways: [gateway] }: Cluster): Promise<void> {
  gateway!.signal('SIGKILL');
  await gateway!.exited();
  await gateway!.start();
}

function sayMore(crowd: Chatter[], count: number): Promise<void> {
  const said = crowd.reduce((sum, { sent }) => sum + sent.length, 0);
  return untilSaid(crowd, said + count, STEP_MS_MAX);
}

/** The table holds what every member pulled, and nothing else. */
async function checkTable(cluster: Cluster, histories: FinalPull[]): Promise<void> {
  const table = await readTimeline(cluster.stores.mysqlUrl);
  const pulled = new Map(histories.map((copy) => [copy.conversationId, copy.messages]));
  assert.equal(table.size, pulled.size);
  for (const [conversationId, rows] of table) {
    const messages = pulled.get(conversationId) ?? [];
    assert.deepEqual(
      rows.map(({ seq, sender_id, msg_id, content }) => [seq, sender_id, msg_id, content]),
      messages.map(({ seq, sender_id, msg_id, content }) => [seq, sender_id, msg_id, content]),
      conversationId,
    );
  }
}

function elapsed(since: number): string {
  return `${Math.round((performance.now() - since) / 1000)} s`;
}
