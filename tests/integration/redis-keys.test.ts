import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRedisGateways } from '../../src/adapters/redis/redis-gateways.ts';
import { createRedisInbox } from '../../src/adapters/redis/redis-inbox.ts';
import { createRedisRegistry } from '../../src/adapters/redis/redis-registry.ts';
import { createRedisSequencer } from '../../src/adapters/redis/redis-sequencer.ts';
import { serverTime } from '../../src/adapters/redis/redis-time.ts';
import type { StoredMessage } from '../../src/ports/messages.ts';
import type { Route } from '../../src/ports/registry.ts';
import { newMessage, range, stored } from '../contract/samples.ts';
import { connect, connectScoped, SKIP } from './redis-fixture.ts';
import { keysOf } from './redis-scope.ts';
import { serverFrom } from './servers.ts';

const url = serverFrom('REDIS_URL');
const WEEK_MS = 7 * 24 * 3600_000;
const ROUTE_TTL_MS = 90_000;

/** What a raw client sees: names, types and times are part of the design, for those who look into Redis. */
describe('Redis keys', { skip: url ? false : SKIP }, () => {
  test('im:seq:<conversation_id> is the last number taken, for ever', async () => {
    await using t = await connectScoped(url!);
    const sequencer = createRedisSequencer(t.shards);
    const [taken, set] = [t.scope.name('taken'), t.scope.name('set')];
    await sequencer.take([{ conversationId: taken, count: 5 }]);
    await sequencer.reset([{ conversationId: set, lastSeq: 41 }]);
    assert.equal(await t.redis.get(`im:seq:${taken}`), '5');
    assert.equal(await t.redis.get(`im:seq:${set}`), '41');
    assert.equal(await t.redis.pttl(`im:seq:${taken}`), -1);
    assert.equal(await t.redis.pttl(`im:seq:${set}`), -1);
    assert.deepEqual(await sequencer.take([]), []);
    await sequencer.reset([]);
  });

  test('im:inbox:{<user_id>} holds the newest messages, and im:inbox:{<user_id>}:meta outlives it', async () => {
    await using t = await connectScoped(url!);
    const inbox = createRedisInbox({ shards: t.shards, length: 3, ttlMs: WEEK_MS });
    const user = t.scope.name('ann');
    const messages = range(1, 5).map((seq) => message(seq));
    await inbox.append(messages.map((one) => ({ userId: user, message: one })));
    const key = `im:inbox:{${user}}`;
    assert.deepEqual((await keysOf(t.shards, t.scope)).sort(), [key, `${key}:meta`, `${key}:newest`]);
    assert.deepEqual(
      await t.redis.zrange(key, '0', '-1', 'WITHSCORES'),
      messages.slice(2).flatMap((one, i) => [asKept(one), String(i + 3)]),
    );
    const { epoch } = await inbox.head(user);
    assert.deepEqual(await t.redis.hgetall(`${key}:meta`), { epoch, seq: '5' });
    assert.deepEqual(await t.redis.hgetall(`${key}:newest`), { 'p2p:ann:bob': '5' });
    await assertExpiry(t.redis.pttl(key), WEEK_MS);
    await assertExpiry(t.redis.pttl(`${key}:newest`), 4 * WEEK_MS);
    await assertExpiry(t.redis.pttl(`${key}:meta`), 4 * WEEK_MS);
    assert.deepEqual((await inbox.append([])).seqs, []);
  });

  test('an epoch that nobody appended to ends too', async () => {
    await using t = await connectScoped(url!);
    const inbox = createRedisInbox({ shards: t.shards, length: 3, ttlMs: WEEK_MS });
    const user = t.scope.name('ann');
    const head = await inbox.head(user);
    assert.deepEqual(await t.redis.hgetall(`im:inbox:{${user}}:meta`), { epoch: head.epoch, seq: '0' });
    await assertExpiry(t.redis.pttl(`im:inbox:{${user}}:meta`), 4 * WEEK_MS);
  });

  test('a message that comes again after its recall gets no second entry', async () => {
    await using t = await connectScoped(url!);
    const inbox = createRedisInbox({ shards: t.shards, length: 10, ttlMs: WEEK_MS });
    const userId = t.scope.name('ann');
    const [first, second] = [message(1), message(2)];
    await inbox.append([first, second].map((one) => ({ userId, message: one })));
    const recalled: StoredMessage = { ...first, content: '', recalled_at: 7, content_digest: 'd' };
    assert.deepEqual((await inbox.append([{ userId, message: recalled }])).seqs, [1]);
    const { head, entries } = await inbox.read(userId, (await inbox.head(userId)).epoch, 0, 10);
    assert.equal(head.seq, 2);
    assert.deepEqual(
      entries.map((entry) => entry.message.seq),
      [1, 2],
    );
  });

  test('im:conn:{<user_id>} holds a route by device, until the newest one lapses', async () => {
    await using t = await connectScoped(url!);
    const registry = createRedisRegistry({ shards: t.shards, ttlMs: ROUTE_TTL_MS });
    const user = t.scope.name('ann');
    const before = Date.now();
    await registry.register(route(user, 's1'), 20);
    const held = await t.redis.hgetall(`im:conn:{${user}}`);
    assert.deepEqual(Object.keys(held), ['phone']);
    const { since, expires_at, ...place } = JSON.parse(held.phone!);
    assert.deepEqual(place, { gateway_id: 'g1', session_id: 's1' });
    assert.ok(Math.abs(since - before) < 5000, 'server and test have about the same time');
    assert.equal(expires_at, since + ROUTE_TTL_MS);
    await assertExpiry(t.redis.pttl(`im:conn:{${user}}`), ROUTE_TTL_MS);
    await t.redis.pexpire(`im:conn:{${user}}`, 1000);
    assert.deepEqual(await registry.refresh([route(user, 's1')]), []);
    await assertExpiry(t.redis.pttl(`im:conn:{${user}}`), ROUTE_TTL_MS);
  });

  test('im:seen:{<user_id>} is kept for 30 days', async () => {
    await using t = await connectScoped(url!);
    const registry = createRedisRegistry({ shards: t.shards, ttlMs: ROUTE_TTL_MS });
    const user = t.scope.name('ann');
    await registry.register(route(user, 's1'), 20);
    const key = `im:seen:{${user}}`;
    await assertExpiry(t.redis.pttl(key), 30 * 24 * 3600_000);
    await t.redis.set(key, '5', 'PX', 1000);
    await registry.unregister(route(user, 's1'));
    const seen = await t.redis.get(key);
    assert.equal((await registry.presence([user])).get(user)?.lastSeen, Number(seen));
    assert.ok(Number(seen) > 5);
    await assertExpiry(t.redis.pttl(key), 30 * 24 * 3600_000);
  });

  test('of two sessions of a device that register on two gateways at once the newer one stays', async () => {
    await using t = await connectScoped(url!);
    await using other = await connect(url!);
    const [here, there] = [t.shards, other.shards].map((shards) =>
      createRedisRegistry({ shards, ttlMs: ROUTE_TTL_MS }),
    );
    const users = range(1, 50).map((i) => t.scope.name(`u${i}`));
    const outcomes = await Promise.all(
      users.flatMap((user, i) => {
        const older = () => here!.register(route(user, 's1'), 20);
        const newer = () => there!.register(route(user, 's2', 'g2'), 20);
        return i % 2 === 0 ? [older(), newer()] : [newer(), older()];
      }),
    );
    const routes = await here!.routes(users);
    for (const user of users) assert.deepEqual(routes.get(user), [route(user, 's2', 'g2')]);
    assert.equal(outcomes.filter((o) => o.outcome === 'registered' && o.came).length, users.length);
  });

  test('im:gateways tells of each gateway when it gave its last sign, im:gateways:connections what it held', async () => {
    await using t = await connectScoped(url!);
    const gateways = createRedisGateways(t.shards);
    const [one, other] = [t.scope.name('one'), t.scope.name('other')];
    const ours = async () =>
      (await gateways.signs()).filter(({ gatewayId }) => [one, other].includes(gatewayId));
    try {
      await gateways.sign(one, 3);
      await gateways.sign(other, 0);
      await gateways.sign(one, 5);
      const at = Number(await t.redis.zscore('im:gateways', one));
      assert.ok(Math.abs(at - (await serverTime(t.shards))) < 10_000);
      assert.equal(await t.redis.zscore('im:gateways:connections', one), '5');
      const held = new Map((await ours()).map(({ gatewayId, connections }) => [gatewayId, connections]));
      assert.deepEqual(
        held,
        new Map([
          [one, 5],
          [other, 0],
        ]),
      );
      await gateways.forget(one);
      assert.deepEqual(
        (await ours()).map(({ gatewayId }) => gatewayId),
        [other],
      );
      assert.equal(await t.redis.zscore('im:gateways:connections', one), null);
    } finally {
      await gateways.forget(one);
      await gateways.forget(other);
    }
  });

  test('the routes to a gateway are found among all, with lapsed ones and no others', async () => {
    await using t = await connectScoped(url!);
    const registry = createRedisRegistry({ shards: t.shards, ttlMs: ROUTE_TTL_MS });
    const [gateway, elsewhere] = [t.scope.name('g1'), t.scope.name('g2')];
    const there = range(1, 30).map((i) => route(t.scope.name(`user-${i}`), `s${i}`, gateway));
    for (const one of there) await registry.register(one, 5);
    await registry.register(route(t.scope.name('user-1'), 's2', elsewhere, 'd2'), 5);
    await registry.register(route(t.scope.name('user-x'), 's1', elsewhere), 5);
    const found: Route[] = [];
    for await (const page of createRedisGateways(t.shards).routesTo(gateway)) found.push(...page);
    const byUser = (a: Route, b: Route) => a.user_id.localeCompare(b.user_id);
    assert.deepEqual(found.sort(byUser), there.sort(byUser));
  });
});

function message(seq: number): StoredMessage {
  return stored(newMessage(), seq);
}

function route(user_id: string, session_id: string, gateway_id = 'g1', device_id = 'phone'): Route {
  return { user_id, device_id, gateway_id, session_id };
}

/** That the key ends after `ms`, less what the test itself took. */
async function assertExpiry(left: Promise<number>, ms: number): Promise<void> {
  const leftMs = await left;
  assert.ok(leftMs <= ms && leftMs > ms - 20_000, `${leftMs} of ${ms}`);
}

/** The script finds a message by how it begins. */
function asKept({ conversation_id, seq, ...rest }: StoredMessage): string {
  return JSON.stringify({ conversation_id, seq, ...rest });
}
