import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { checkRedis, pingRedis } from '../../src/adapters/redis/redis-check.ts';
import { untilReady } from '../../src/adapters/redis/redis-connection.ts';
import { createRedisInbox } from '../../src/adapters/redis/redis-inbox.ts';
import { createRedisPushBus } from '../../src/adapters/redis/redis-push-bus.ts';
import { createRedisRegistry } from '../../src/adapters/redis/redis-registry.ts';
import { createRedisSequencer } from '../../src/adapters/redis/redis-sequencer.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import { newMessage, stored } from '../contract/samples.ts';
import { until } from '../contract/wait.ts';
import { noOwnRedis, startOwnRedis } from '../harness/own-redis.ts';
import { startPausableProxy } from '../harness/pausable-proxy.ts';
import { connect, create } from './redis-fixture.ts';

/** An outage is known by then. */
const KNOWN_MS_MAX = 5000;

describe('Redis in trouble', { skip: noOwnRedis }, () => {
  test('killed and started empty: unavailable at once, and everything begins anew', async () => {
    await using t = await open();
    await t.sequencer.reset([{ conversationId: 'c', lastSeq: 100 }]);
    const before = await t.use();
    assert.deepEqual(before.firsts, [101]);
    await t.server.kill();
    await t.assertUnavailable();
    await t.server.start();
    await t.recovered();
    const after = await t.use();
    assert.ok(after.firsts[0]! < 10, 'the counter is lost');
    assert.notEqual(after.head.epoch, before.head.epoch);
    assert.deepEqual(after.routes, before.routes, 'put back by refresh');
  });

  test('started again with an older state: inboxes begin anew, so that nothing is missed silently', async () => {
    await using t = await open();
    await t.inbox.append([entry(1), entry(2), entry(3)]);
    await t.redis.save();
    await t.inbox.append([entry(4), entry(5)]);
    const before = await t.inbox.head('ann');
    await t.server.kill();
    await t.server.start();
    await t.recovered();
    await t.inbox.append([entry(6), entry(7), entry(8), entry(9)]);
    const { head, resync } = await t.inbox.read('ann', before.epoch, before.seq, 10);
    assert.equal(resync, true, 'the messages 4 and 5 are not among those that follow');
    assert.notEqual(head.epoch, before.epoch);
  });

  test('a server that was a replica for a while, of one that lacked the newest: inboxes begin anew', async () => {
    await using t = await open();
    await using other = await startOwnRedis();
    await using replica = await connect(other.url);
    const follows = async ({ redis }: { redis: Redis }) =>
      (await redis.info('replication')).includes('link_status:up');
    await replica.redis.replicaof('127.0.0.1', t.server.port);
    await until('the other one follows', () => follows(replica));
    await t.inbox.append([entry(1)]);
    assert.equal(await t.redis.wait(1, KNOWN_MS_MAX), 1);
    await replica.redis.replicaof('NO', 'ONE');
    await t.inbox.append([entry(2)]);
    const before = await t.inbox.head('ann');
    assert.equal(before.seq, 2);
    await t.redis.replicaof('127.0.0.1', other.port);
    await until('it follows', () => follows(t));
    await t.redis.replicaof('NO', 'ONE');
    await until('it knows that', async () => (await t.inbox.head('ann')).epoch !== before.epoch);
    await t.inbox.append([entry(3), entry(4)]);
    const { resync } = await t.inbox.read('ann', before.epoch, before.seq, 10);
    assert.equal(resync, true, 'message 2 is not among those that follow');
  });

  test('what was refused in an outage is not carried out after it', async () => {
    await using t = await open();
    await t.server.kill();
    await assertUnavailable(t.sequencer.take([{ conversationId: 'refused', count: 1 }]));
    await t.server.start();
    await t.recovered();
    assert.deepEqual(await t.sequencer.take([{ conversationId: 'refused', count: 1 }]), [1]);
  });

  test('while there is no connection a call fails before the next attempt to get one', async () => {
    await using t = await open();
    let attempts = 0;
    t.redis.on('connecting', () => {
      attempts += 1;
    });
    await t.server.kill();
    await until('it pauses between attempts', () => attempts > 2 && t.redis.status === 'reconnecting');
    const before = attempts;
    await assertUnavailable(t.sequencer.take([{ conversationId: 'c', count: 1 }]), /no connection/);
    assert.equal(attempts, before);
  });

  test('a command whose answer was lost is not sent again', async () => {
    await using server = await startOwnRedis();
    await using proxy = await startPausableProxy({
      host: '127.0.0.1',
      port: Number(new URL(server.url).port),
    });
    await using t = await connect(`redis://127.0.0.1:${proxy.port}`);
    const sequencer = createRedisSequencer(t.shards);
    const want = [{ conversationId: 'c', count: 1 }];
    assert.deepEqual(await sequencer.take(want), [1]);
    proxy.pause();
    const lost = assertUnavailable(sequencer.take(want));
    await proxy.cut();
    await lost;
    proxy.resume();
    await proxy.mend();
    await untilReady(t.redis);
    assert.deepEqual(await sequencer.take(want), [2]);
  });

  test('paused: nothing hangs, and it is used again when it goes on', async () => {
    await using t = await open();
    await t.use();
    t.server.pause();
    try {
      await t.assertUnavailable();
      await t.assertUnavailable();
    } finally {
      t.server.resume();
    }
    await t.recovered();
  });

  test('emptied while in use: counters from 0, another epoch, no routes, and scripts are sent again', async () => {
    await using t = await open();
    const before = await t.use();
    await t.redis.flushall();
    await t.redis.script('FLUSH');
    const { epoch, seq } = await t.inbox.head('ann');
    assert.notEqual(epoch, before.head.epoch);
    assert.equal(seq, 0);
    assert.equal((await t.inbox.read('ann', before.head.epoch, 1, 10)).resync, true);
    assert.deepEqual(await t.registry.routes(['ann']), new Map());
    const after = await t.use();
    assert.deepEqual(after.firsts, [1]);
    assert.deepEqual(after.head, { epoch, seq: 1 });
  });

  test('a cut connection loses what is under way and nothing more', async () => {
    await using t = await open();
    await t.use();
    await using other = await connect(t.server.url);
    await other.redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await t.recovered();
    assert.equal((await t.inbox.head('ann')).seq, 1);
  });

  test('a replica refuses writes, and is left for the primary', async () => {
    await using t = await open();
    await t.use();
    const connectionId = await t.redis.client('ID');
    await using other = await connect(t.server.url);
    await other.redis.replicaof('127.0.0.1', '1');
    await assertUnavailable(t.sequencer.take([{ conversationId: 'c', count: 1 }]), /READONLY/);
    await other.redis.replicaof('NO', 'ONE');
    await t.recovered();
    assert.notEqual(await t.redis.client('ID'), connectionId, 'the name may lead elsewhere now');
  });

  test('full: writes are unavailable, heads and routes can be read', async () => {
    await using t = await open();
    const { head } = await t.use();
    await t.redis.config('SET', 'maxmemory', '1');
    await assertUnavailable(t.inbox.append([entry(2)]), /OOM/);
    await assertUnavailable(t.sequencer.take([{ conversationId: 'c', count: 1 }]), /OOM/);
    assert.deepEqual(await t.inbox.head('ann'), head);
    assert.equal((await t.registry.routes(['ann'])).size, 1);
    await t.redis.config('SET', 'maxmemory', '0');
    assert.deepEqual((await t.inbox.append([entry(2)])).seqs, [2]);
  });

  test('with a wrong password it is unavailable, and no error tells the password', async () => {
    await using server = await startOwnRedis('--requirepass', 'right');
    await using wrong = create(server.url.replace('//', '//:not-the-password@'));
    await until('the error is told', () => wrong.errors.length > 0);
    await assertUnavailable(createRedisSequencer(wrong.shards).take([{ conversationId: 'c', count: 1 }]));
    for (const error of wrong.errors) assert.doesNotMatch(everythingOf(error), /not-the-password/);
    assert.match(String(wrong.errors[0]), /WRONGPASS/);
    await using right = await connect(server.url.replace('//', '//:right@'));
    await checkRedis(right.shards, assert.fail);
  });
});

describe('the check at start', { skip: noOwnRedis }, () => {
  test('passes where nothing is evicted', async () => {
    await using t = await open();
    await checkRedis(t.shards, assert.fail);
  });

  test('names the remedy where something may be evicted', async () => {
    await using server = await startOwnRedis('--maxmemory-policy', 'allkeys-lru');
    await using t = await connect(server.url);
    await assert.rejects(
      checkRedis(t.shards, assert.fail),
      /allkeys-lru.*CONFIG SET maxmemory-policy noeviction/s,
    );
  });

  test('warns where the server does not tell', async () => {
    await using server = await startOwnRedis();
    await using t = await connect(server.url);
    await t.redis.acl('SETUSER', 'default', '-info');
    const warnings: string[] = [];
    await checkRedis(t.shards, (warning) => warnings.push(warning));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /maxmemory-policy.*noeviction/);
  });

  test('does not wait for ever for a server that is not there', async () => {
    await using server = await startOwnRedis();
    await server.kill();
    await using t = create(server.url);
    await assertUnavailable(checkRedis(t.shards, assert.fail), /no connection/, 2 * KNOWN_MS_MAX);
  });
});

async function open() {
  const server = await startOwnRedis();
  const { redis, shards, ...connection } = await connect(server.url);
  const sequencer = createRedisSequencer(shards);
  const inbox = createRedisInbox({ shards, length: 10, ttlMs: 3600_000 });
  const registry = createRedisRegistry({ shards, ttlMs: 90_000 });
  const bus = createRedisPushBus({ shards, onError: () => {}, onIgnored: assert.fail });
  const route = { user_id: 'ann', device_id: 'phone', gateway_id: 'g1', session_id: 's1' };
  const calls = {
    take: () => sequencer.take([{ conversationId: 'c', count: 1 }]),
    append: () => inbox.append([entry(1)]),
    head: () => inbox.head('ann'),
    refresh: () => registry.refresh([route]),
    routes: () => registry.routes(['ann']),
    publish: () => bus.publish('g1', []),
    ping: () => pingRedis(shards),
  };
  return {
    server,
    redis,
    shards,
    sequencer,
    inbox,
    registry,
    async use() {
      const firsts = await calls.take();
      await calls.append();
      await calls.refresh();
      await calls.publish();
      return { firsts, head: await calls.head(), routes: await calls.routes() };
    },
    async assertUnavailable() {
      await Promise.all(Object.values(calls).map((call) => assertUnavailable(call())));
    },
    async recovered() {
      const works = () =>
        calls.take().then(
          () => true,
          (error) => {
            assert.ok(error instanceof StoreUnavailable, String(error));
            return false;
          },
        );
      await until('it works again', works);
      for (const call of Object.values(calls)) await call();
    },
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function entry(seq: number) {
  return { userId: 'ann', message: stored(newMessage(), seq) };
}

async function assertUnavailable(
  promise: Promise<unknown>,
  message = /^/,
  withinMs = KNOWN_MS_MAX,
): Promise<void> {
  const begin = performance.now();
  await assert.rejects(promise, (error: Error) => {
    assert.ok(error instanceof StoreUnavailable, String(error));
    assert.match(error.message, message);
    return true;
  });
  assert.ok(performance.now() - begin < withinMs, `after ${performance.now() - begin} ms`);
}

/** An error as a log may show it: all fields, also of its cause. */
function everythingOf(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return JSON.stringify([message, stack, { ...(error as object) }, { ...(cause as object) }]);
}
