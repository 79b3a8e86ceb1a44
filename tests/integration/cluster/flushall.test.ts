import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, seedOf } from '../../faults/seeded-random.ts';
import { startCluster } from '../../harness/cluster.ts';
import { emptyRedis, NO_SERVERS } from '../../harness/cluster-stores.ts';
import { heartbeat, logIn } from '../../harness/talk.ts';
import { checkPromises, gather, greet, settle, untilSaid } from './crowd.ts';

const SEED = seedOf(process.env.SEED);
const CLIENTS = 30;
const ROUNDS = 3;
const MESSAGES_PER_ROUND = 500;
const HEARTBEAT_MS = 1000;
/** From the heartbeat on that follows the loss. */
const RECOVERED_MS_MAX = 10_000;
const SETTLE_MS_MAX = 60_000;
const OPTIONS = {
  gateways: 2,
  workers: 2,
  env: { HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS), HEARTBEAT_TIMEOUT_MS: '20000' },
};

test('Redis is emptied under load: numbers go on, and soon everyone has everything', {
  skip: NO_SERVERS,
  timeout: 300_000,
}, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  await using cluster = await startCluster(OPTIONS);
  const plan = { clients: CLIENTS, neighbours: 2, groups: 6, membersPerGroup: 10 };
  const crowd = await gather(cluster, { ...plan, random: createRandom(SEED) });
  try {
    await greet(crowd, SETTLE_MS_MAX);
    const witness = await logIn(cluster, { user: crowd[0]!.userId });
    const epochs = new Set([witness.hello.inbox.epoch]);
    for (let round = 1; round <= ROUNDS; round++) {
      for (const chatter of crowd) chatter.talk();
      const before = crowd.reduce((sum, { sent }) => sum + sent.length, 0);
      await untilSaid(crowd, before + MESSAGES_PER_ROUND / 2, SETTLE_MS_MAX);
      await emptyRedis(cluster.stores.redisUrl);
      await untilSaid(crowd, before + MESSAGES_PER_ROUND, SETTLE_MS_MAX);
      await emptyRedis(cluster.stores.redisUrl);
      const emptiedAt = performance.now();
      await settle(crowd, HEARTBEAT_MS + RECOVERED_MS_MAX);
      t.diagnostic(`all there ${Math.round(performance.now() - emptiedAt)} ms after the loss`);
      epochs.add((await heartbeat(witness)).payload.inbox.epoch);
    }
    assert.equal(epochs.size, 1 + ROUNDS, 'an inbox that was lost goes on in its old epoch');
    await checkPromises(t, cluster, crowd);
  } catch (error) {
    t.diagnostic(`What the cluster wrote:\n${cluster.log()}`);
    throw error;
  } finally {
    await Promise.all(crowd.map((chatter) => chatter.close()));
  }
});
