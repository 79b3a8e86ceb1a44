import { test } from 'node:test';
import { createRandom, seedOf } from '../../faults/seeded-random.ts';
import { startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { noOwnRedis } from '../../harness/own-redis.ts';
import { startOwnRedisCluster } from '../../harness/own-redis-cluster.ts';
import { checkPromises, gather, greet, settle, untilSaid } from './crowd.ts';

const SEED = seedOf(process.env.SEED);
const PLAN = { clients: 30, neighbours: 2, groups: 6, membersPerGroup: 10 };
const MESSAGES = 500;
const SETTLE_MS_MAX = 60_000;

test('on a Redis Cluster, of which a primary dies under load, everyone soon has everything', {
  skip: NO_SERVERS || noOwnRedis,
  timeout: 300_000,
}, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  await using redis = await startOwnRedisCluster({ replicas: true });
  await using cluster = await startCluster({
    gateways: 2,
    workers: 2,
    redisUrl: redis.url,
    env: { REDIS_CLUSTER: 'true', HEARTBEAT_INTERVAL_MS: '1000', HEARTBEAT_TIMEOUT_MS: '20000' },
  });
  const crowd = await gather(cluster, { ...PLAN, random: createRandom(SEED) });
  try {
    await greet(crowd, SETTLE_MS_MAX);
    for (const chatter of crowd) chatter.talk();
    const greeted = crowd.reduce((sum, { sent }) => sum + sent.length, 0);
    await untilSaid(crowd, greeted + MESSAGES, SETTLE_MS_MAX);
    await redis.primaries[1]!.server.kill();
    const killedAt = performance.now();
    await untilSaid(crowd, greeted + 3 * MESSAGES, SETTLE_MS_MAX);
    await settle(crowd, SETTLE_MS_MAX);
    t.diagnostic(`all there ${Math.round(performance.now() - killedAt)} ms after the death`);
    await checkPromises(t, cluster, crowd);
  } catch (error) {
    t.diagnostic(`What the cluster wrote:\n${cluster.log()}`);
    throw error;
  } finally {
    await Promise.all(crowd.map((chatter) => chatter.close()));
  }
});
