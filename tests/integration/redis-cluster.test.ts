import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import calculateSlot from 'cluster-key-slot';
import { openRedis } from '../../src/adapters/redis/open-redis.ts';
import { checkRedis, pingRedis } from '../../src/adapters/redis/redis-check.ts';
import { createRedisGateways } from '../../src/adapters/redis/redis-gateways.ts';
import { createRedisInbox } from '../../src/adapters/redis/redis-inbox.ts';
import { REDIS_CHANNELS, REDIS_KEYS } from '../../src/adapters/redis/redis-keys.ts';
import { createRedisPushBus } from '../../src/adapters/redis/redis-push-bus.ts';
import { createRedisRegistry } from '../../src/adapters/redis/redis-registry.ts';
import { createRedisSequencer } from '../../src/adapters/redis/redis-sequencer.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import type { Route } from '../../src/ports/registry.ts';
import { newMessage, range, stored } from '../contract/samples.ts';
import { until } from '../contract/wait.ts';
import { noOwnRedis, startOwnRedis } from '../harness/own-redis.ts';
import {
  moveSlot,
  type OwnRedisCluster,
  primaryOf,
  startOwnRedisCluster,
} from '../harness/own-redis-cluster.ts';
import { redisContracts } from './redis-contracts.ts';
import { scoped } from './redis-fixture.ts';

/** The others find out, agree on another primary, and we ask who it is. */
const TAKEN_OVER_MS_MAX = 20_000;
const USERS = range(1, 30).map((i) => `user${i}`);

describe('Redis Cluster', { skip: noOwnRedis }, () => {
  describe('in good order', () => {
    let cluster: OwnRedisCluster;
    before(async () => {
      cluster = await startOwnRedisCluster({ replicas: false });
    });
    after(() => cluster[Symbol.asyncDispose]());

    redisContracts('Redis Cluster', async () => scoped(await connect(cluster.url)));

    test('keys are spread over all servers, and what concerns many is gathered from them', async () => {
      await using t = await connect(cluster.url);
      const registry = createRedisRegistry({ shards: t.shards, ttlMs: 60_000 });
      const gateways = createRedisGateways(t.shards);
      const routes = USERS.map((user_id): Route => {
        return { user_id, device_id: 'd', gateway_id: 'spread', session_id: `s-${user_id}` };
      });
      for (const route of routes) await registry.register(route, 0);
      for (const { admin } of cluster.primaries) assert.ok((await admin.dbsize()) > 0);
      assert.deepEqual((await registry.routes(USERS)).size, USERS.length);
      const found: Route[] = [];
      for await (const page of gateways.routesTo('spread')) found.push(...page);
      assert.deepEqual(found.map(({ user_id }) => user_id).sort(), [...USERS].sort());
      await gateways.sign('spread', 30);
      const signs = (await gateways.signs()).filter(({ gatewayId }) => gatewayId === 'spread');
      assert.deepEqual(
        signs.map(({ connections }) => connections),
        [30],
      );
    });

    test('a cluster that is taken for a single server says what to set, and the other way round', async () => {
      await using mistaken = await connect(cluster.url, false);
      await assert.rejects(checkRedis(mistaken.shards, assert.fail), /set REDIS_CLUSTER=true/);
      await using single = await startOwnRedis();
      const errors: unknown[] = [];
      const shards = openRedis({ url: single.url, cluster: true, onError: (error) => errors.push(error) });
      await assert.rejects(checkRedis(shards, assert.fail), /cluster support disabled/);
      await shards[Symbol.asyncDispose]();
    });
  });

  test('a primary dies: the others go on, and what it held goes on at its replica in new epochs', async () => {
    await using cluster = await startOwnRedisCluster({ replicas: true });
    await using t = await talk(cluster);
    const [dead] = cluster.primaries;
    const before = await t.epochs();
    const heldByDead = USERS.filter((user) => primaryOf(cluster, REDIS_KEYS.inbox(user)) === dead);
    const others = USERS.filter((user) => !heldByDead.includes(user));
    assert.ok(heldByDead.length > 0 && others.length > 0);
    t.story.length = 0;

    await dead!.server.kill();
    const [someone] = others;
    await t.inbox.append([{ userId: someone!, message: message(2) }]);
    await assert.rejects(t.inbox.head(heldByDead[0]!), StoreUnavailable);
    await pingRedis(t.shards);

    await t.untilWell();
    const now = await t.epochs();
    assert.deepEqual(
      USERS.filter((user) => now.get(user) !== before.get(user)),
      heldByDead,
    );
    await until('the feed tells that something may be lost', () => t.story.includes('interrupted'));
    await t.assertHeard();
  });

  test('a slot moves to another primary: its keys and channels are found there', async () => {
    await using cluster = await startOwnRedisCluster({ replicas: false });
    await using t = await talk(cluster);
    const channel = REDIS_CHANNELS.gateway(t.gatewayId);
    const key = REDIS_KEYS.seq('p2p:ann:bob');
    t.story.length = 0;
    for (const name of [channel, key]) {
      const from = primaryOf(cluster, name);
      const to = cluster.primaries.find((one) => one !== from)!;
      await moveSlot(cluster, calculateSlot(name), from, to);
    }
    await until('the feed tells that something may be lost', () => t.story.includes('interrupted'));
    await t.assertHeard();
    assert.deepEqual(await t.sequencer.take([{ conversationId: 'p2p:ann:bob', count: 1 }]), [2]);
  });
});

/** Whoever is on the cluster, with an inbox for each of the users, and a feed that notes what it hears. */
async function talk(cluster: OwnRedisCluster) {
  const stack = new AsyncDisposableStack();
  const { shards } = stack.use(await connect(cluster.url));
  const inbox = createRedisInbox({ shards, length: 10, ttlMs: 3600_000 });
  const sequencer = createRedisSequencer(shards);
  const bus = stack.use(createRedisPushBus({ shards, onError: () => {}, onIgnored: assert.fail }));
  const story: string[] = [];
  const gatewayId = 'g1';
  const groups = range(1, 20).map((i) => `group_${i}`);
  const feed = await bus.listen(gatewayId, {
    onPush: () => story.push('push'),
    onGroup: (groupId) => story.push(groupId),
    onPresence: ({ user_id }) => story.push(user_id),
    onInterrupted: () => story.push('interrupted'),
  });
  for (const group of groups) await feed.joinGroup(group);
  await inbox.append(USERS.map((userId) => ({ userId, message: message(1) })));
  assert.deepEqual(await sequencer.take([{ conversationId: 'p2p:ann:bob', count: 1 }]), [1]);
  return {
    shards,
    inbox,
    sequencer,
    story,
    gatewayId,
    async epochs() {
      const heads = USERS.map(async (user) => [user, (await inbox.head(user)).epoch] as const);
      return new Map(await Promise.all(heads));
    },
    async untilWell() {
      const answer = () => Promise.allSettled(USERS.map((user) => inbox.head(user)));
      await until(
        'all inboxes can be read',
        async () => (await answer()).every(({ status }) => status === 'fulfilled'),
        TAKEN_OVER_MS_MAX,
      );
    },
    /** All channels of the feed are heard, wherever they are now. */
    async assertHeard() {
      story.length = 0;
      await bus.publish(gatewayId, []);
      for (const group of groups) await bus.publishGroup(group, []);
      await until('all have come', () => story.length >= groups.length + 1);
      assert.deepEqual([...story].sort(), ['push', ...groups].sort());
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function message(seq: number) {
  return stored(newMessage({ content: `message ${seq}` }), seq);
}

async function connect(url: string, cluster = true) {
  const errors: unknown[] = [];
  const shards = openRedis({ url, cluster, onError: (error) => errors.push(error) });
  await shards.ready();
  return { shards, errors, [Symbol.asyncDispose]: () => shards[Symbol.asyncDispose]() };
}
