import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { until } from '../../contract/wait.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { p2p } from '../../harness/names.ts';
import type { RawClient } from '../../harness/raw-client.ts';
import { isEvent, logIn, say, watch } from '../../harness/talk.ts';

/** Until a gateway that was killed is forgotten, with all that led to it. */
const FORGOTTEN_MS_MAX = 30_000;

describe('a gateway that dies, with a controller there', { skip: NO_SERVERS, timeout: 120_000 }, () => {
  let cluster: Cluster;
  let redis: Redis;

  before(async () => {
    cluster = await startCluster({ gateways: 2, workers: 1, controllers: 2 });
    redis = new Redis(cluster.stores.redisUrl);
  });

  after(async () => {
    redis?.disconnect();
    await cluster?.[Symbol.asyncDispose]();
  });

  test('within 30 s its routes are gone, those who watch its users hear of it, and others stay', async () => {
    const [alice, bob, both] = await Promise.all(['alice', 'bob', 'both'].map((name) => at(0, name)));
    const watcher = await at(1, 'watcher');
    await at(1, 'both', both!.userId);
    for (const client of [alice!, both!]) await say(watcher, p2p(watcher.userId, client.userId), 'hello');
    await watch(watcher, [alice!.userId, both!.userId]);
    const [dead, living] = cluster.gateways as [Cluster['gateways'][0], Cluster['gateways'][0]];
    assert.deepEqual(await gatewaysOf(bob!), [dead.name]);

    dead.signal('SIGKILL');
    await dead.exited();
    const killedAt = performance.now();
    const left = isEvent('presence', { user_id: alice!.userId, online: false });
    await until('alice is seen to leave', () => watcher.packets.some(left), FORGOTTEN_MS_MAX);
    await until('bob has no route', async () => (await gatewaysOf(bob!)).length === 0, FORGOTTEN_MS_MAX);
    await until('it is known no more', async () => (await known(dead.name)) === null, FORGOTTEN_MS_MAX);
    assert.ok(performance.now() - killedAt < FORGOTTEN_MS_MAX);

    assert.deepEqual(await gatewaysOf(both!), [living.name]);
    assert.ok(await known(living.name), 'the other gateway is still known');
    assert.ok(!watcher.packets.some(isEvent('presence', { user_id: both!.userId })));
  });

  function at(gateway: number, name: string, user?: string): Promise<RawClient> {
    const there = { ...cluster, nextUrl: () => cluster.gateways[gateway]!.url };
    return logIn(there, user ? { user } : { user: `${name}-${cluster.gateways[0]!.name}` });
  }

  async function gatewaysOf({ userId }: RawClient): Promise<string[]> {
    const held = await redis.hgetall(`im:conn:{${userId}}`);
    return Object.values(held).map((value) => JSON.parse(value).gateway_id);
  }

  function known(gateway: string): Promise<string | null> {
    return redis.zscore('im:gateways', gateway);
  }
});
