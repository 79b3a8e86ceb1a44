import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { REDIS_KEYS } from '../../../src/adapters/redis/redis-keys.ts';
import { until } from '../../contract/wait.ts';
import type { Chatter } from '../../faults/chatter.ts';
import { createRandom, seedOf } from '../../faults/seeded-random.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { emptyRedis, NO_SERVERS } from '../../harness/cluster-stores.ts';
import { noOwnRedis, startOwnRedis } from '../../harness/own-redis.ts';
import { checkPromises, gather, greet, settle, untilSaid } from './crowd.ts';

const SEED = seedOf(process.env.SEED);
const PLAN = { clients: 30, neighbours: 2, groups: 6, membersPerGroup: 10 };
const ROUNDS = 3;
const MESSAGES_PER_ROUND = 500;
const HEARTBEAT_MS = 1000;
/** From the heartbeat on that follows the loss. */
const RECOVERED_MS_MAX = 10_000;
const SETTLE_MS_MAX = 60_000;
/** A few heartbeats. */
const ANEW_MS_MAX = 5 * HEARTBEAT_MS;
const ENV = { HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS), HEARTBEAT_TIMEOUT_MS: '20000' };

test('Redis is emptied under load: numbers go on, inboxes begin anew, and soon everyone has everything', {
  skip: NO_SERVERS,
  timeout: 300_000,
}, async (t) => {
  await using cluster = await startCluster({ gateways: 2, workers: 2, env: ENV });
  const url = cluster.stores.redisUrl;
  const empty = () => emptyRedis(url);
  await losing(t, cluster, url, { rounds: ROUNDS, recoveredMs: RECOVERED_MS_MAX, amid: empty, last: empty });
});

test('Redis is set back to an older state under load: the same, once it can be reached again', {
  skip: NO_SERVERS || noOwnRedis,
  timeout: 300_000,
}, async (t) => {
  await using redis = await startOwnRedis();
  await using cluster = await startCluster({
    gateways: 2,
    workers: 2,
    env: { ...ENV, REDIS_URL: redis.url },
  });
  await losing(t, cluster, redis.url, {
    rounds: 1,
    recoveredMs: SETTLE_MS_MAX,
    amid: () => keepState(redis.url),
    async last() {
      await redis.kill();
      await redis.start();
    },
  });
});

interface Loss {
  rounds: number;
  recoveredMs: number;
  /** Done in the middle of a round, while everyone talks. */
  amid(): Promise<unknown>;
  /** Done at its end: what Redis held since `amid` is lost by then. */
  last(): Promise<unknown>;
}

async function losing(t: TestContext, cluster: Cluster, redisUrl: string, loss: Loss): Promise<void> {
  t.diagnostic(`SEED=${SEED}`);
  const crowd = await gather(cluster, { ...PLAN, random: createRandom(SEED) });
  try {
    await greet(crowd, SETTLE_MS_MAX);
    for (let round = 1; round <= loss.rounds; round++) {
      const before = await epochsOf(redisUrl, crowd);
      assert.equal(before.size, crowd.length);
      for (const chatter of crowd) chatter.talk();
      const said = crowd.reduce((sum, { sent }) => sum + sent.length, 0);
      await untilSaid(crowd, said + MESSAGES_PER_ROUND / 2, SETTLE_MS_MAX);
      await loss.amid();
      await untilSaid(crowd, said + MESSAGES_PER_ROUND, SETTLE_MS_MAX);
      await loss.last();
      const lostAt = performance.now();
      await settle(crowd, HEARTBEAT_MS + loss.recoveredMs);
      t.diagnostic(`all there ${Math.round(performance.now() - lostAt)} ms after the loss`);
      await untilBegunAnew(redisUrl, crowd, before);
      t.diagnostic(`all inboxes anew ${Math.round(performance.now() - lostAt)} ms after the loss`);
    }
    await checkPromises(t, cluster, crowd);
  } catch (error) {
    t.diagnostic(`What the cluster wrote:\n${cluster.log()}`);
    throw error;
  } finally {
    await Promise.all(crowd.map((chatter) => chatter.close()));
  }
}

/** An inbox begins anew when it is written or read again: where its user had everything, at the next heartbeat. */
async function untilBegunAnew(
  redisUrl: string,
  crowd: Chatter[],
  before: Map<string, string>,
): Promise<void> {
  let rest: string[] = [];
  const allAnew = async () => {
    const after = await epochsOf(redisUrl, crowd);
    const isAnew = (user: string) => after.has(user) && after.get(user) !== before.get(user);
    rest = [...before.keys()].filter((user) => !isAnew(user));
    return rest.length === 0;
  };
  await until('all inboxes begin anew', allAnew, ANEW_MS_MAX).catch((error) => {
    throw new Error(`Not begun anew: the inboxes of ${rest.join(', ')}`, { cause: error });
  });
}

/** The epoch of each user's inbox. */
async function epochsOf(redisUrl: string, crowd: Chatter[]): Promise<Map<string, string>> {
  const redis = new Redis(redisUrl);
  const epochs = new Map<string, string>();
  for (const { userId } of crowd) {
    const epoch = await redis.hget(REDIS_KEYS.inboxMeta(userId), 'epoch');
    if (epoch !== null) epochs.set(userId, epoch);
  }
  redis.disconnect();
  return epochs;
}

async function keepState(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.save();
  redis.disconnect();
}
