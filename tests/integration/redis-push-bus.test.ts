import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { untilReady } from '../../src/adapters/redis/redis-connection.ts';
import { createRedisPushBus } from '../../src/adapters/redis/redis-push-bus.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import type { PushListener } from '../../src/ports/push-bus.ts';
import { range } from '../contract/samples.ts';
import { until } from '../contract/wait.ts';
import { noOwnRedis, startOwnRedis } from '../harness/own-redis.ts';
import { connect } from './redis-fixture.ts';

const ONLINE = { user_id: 'ann', online: true, last_seen: 1 };

describe('Redis push bus', { skip: noOwnRedis }, () => {
  test('after a cut the feed tells that it was interrupted, and hears everything again', async () => {
    await using t = await open();
    await t.feed.joinGroup('group_g');
    await t.feed.joinGroup('group_left');
    await t.feed.leaveGroup('group_left');
    await t.feed.watch('ann');
    await t.cut();
    await until('the feed is interrupted', () => t.story.includes('interrupted'));
    await t.bus.publish('g1', []);
    await t.bus.publishGroup('group_left', []);
    await t.bus.publishGroup('group_g', [{ frame: 'f' }]);
    await t.bus.publishPresence(ONLINE);
    await until('all have come', () => t.story.length >= 4);
    assert.deepEqual(t.story, ['interrupted', 'push', 'group_g', 'ann']);
    assert.deepEqual(await t.channels(), ['im:presence:ann', 'im:push:g1', 'im:push:group:group_g']);
  });

  test('cut again and again, also while it subscribes anew, it comes back with all channels', async () => {
    await using t = await open();
    const groups = range(1, 1200).map((i) => `group_${i}`);
    await Promise.all(groups.map((group) => t.feed.joinGroup(group)));
    const wanted = (await t.channels()).length;
    assert.equal(wanted, groups.length + 1);
    for (let i = 0; i < 10; i++) await until('there is one to cut', async () => (await t.cut()) > 0);
    t.story.length = 0;
    await until('all channels are back', async () => (await t.channels()).length === wanted);
    await until('the feed is interrupted', () => t.story.includes('interrupted'));
    await t.bus.publishGroup('group_777', []);
    await until('a push comes', () => t.story.includes('group_777'));
  });

  test('what is joined while the server is away is refused, and heard from when it is back', async () => {
    await using t = await open();
    await t.feed.joinGroup('group_left');
    await t.server.kill();
    await assertUnavailable(t.feed.joinGroup('group_g'));
    await assertUnavailable(t.feed.watch('ann'));
    await t.feed.leaveGroup('group_left');
    await t.server.start();
    await until('the feed is interrupted', () => t.story.includes('interrupted'));
    await untilReady(t.redis);
    assert.deepEqual(await t.channels(), ['im:presence:ann', 'im:push:g1', 'im:push:group:group_g']);
  });

  test('a connection that is open and dead is noticed', async () => {
    await using t = await open();
    t.server.pause();
    await until('the connection is given up', () => t.errors.length > 0);
    t.server.resume();
    await until('the feed is interrupted', () => t.story.includes('interrupted'));
    await t.bus.publish('g1', []);
    await until('a push comes', () => t.story.includes('push'));
  });

  test('joining, leaving and joining again without waiting ends with the last', async () => {
    await using t = await open();
    const steps = range(1, 20).map((i) =>
      i % 2 === 0 ? t.feed.leaveGroup('group_g') : t.feed.joinGroup('group_g'),
    );
    await Promise.all([...steps, t.feed.leaveGroup('group_h'), t.feed.joinGroup('group_h')]);
    assert.deepEqual(await t.channels(), ['im:push:g1', 'im:push:group:group_h']);
  });

  test('envelopes that cannot be read are told and dropped', async () => {
    await using t = await open();
    await t.feed.watch('ann');
    await t.redis.publish('im:push:g1', 'nothing of ours');
    await t.redis.publish('im:push:g1', '{"v":2,"items":[]}');
    await t.redis.publish('im:presence:ann', '{"v":1,"items":[null]}');
    await t.bus.publish('g1', []);
    await until('the last has come', () => t.story.includes('push'));
    assert.deepEqual(t.ignored, [
      ['im:push:g1', 'malformed'],
      ['im:push:g1', 'unknown_version'],
      ['im:presence:ann', 'malformed'],
    ]);
    assert.deepEqual(t.story, ['push']);
  });

  test('one call is one envelope', async () => {
    await using t = await open();
    await using raw = await connect(t.server.url);
    const seen: string[] = [];
    raw.redis.on('message', (_channel, text) => seen.push(text));
    await raw.redis.subscribe('im:push:g2');
    await t.bus.publish('g2', [
      { to: 'kick', session_id: 'a' },
      { to: 'kick', session_id: 'b' },
    ]);
    await until('it has come', () => seen.length > 0);
    assert.deepEqual(
      seen.map((text) => JSON.parse(text)),
      [
        {
          v: 1,
          items: [
            { to: 'kick', session_id: 'a' },
            { to: 'kick', session_id: 'b' },
          ],
        },
      ],
    );
  });

  test('a listener that throws is reported, and goes on hearing', async () => {
    const error = new Error('the listener fails');
    await using t = await open({
      onPush: () => {
        throw error;
      },
    });
    await t.bus.publish('g1', []);
    await t.bus.publish('g1', []);
    await until('both are reported', () => t.errors.length >= 2);
    assert.deepEqual(t.errors, [error, error]);
  });

  test('nobody can listen where there is no server, and closing what is cut off does not hang', async () => {
    await using t = await open();
    await t.server.kill();
    await assertUnavailable(t.bus.listen('g2', t.listener));
    await t.bus[Symbol.asyncDispose]();
    await t.feed.joinGroup('group_g');
    await t.feed.leaveGroup('group_g');
  });
});

async function open(overrides: Partial<PushListener> = {}) {
  const server = await startOwnRedis();
  const { redis, shards, ...connection } = await connect(server.url);
  const errors: unknown[] = [];
  const ignored: [string, string][] = [];
  const story: string[] = [];
  const bus = createRedisPushBus({
    shards,
    onError: (error) => errors.push(error),
    onIgnored: (...what) => ignored.push(what),
  });
  const listener: PushListener = {
    onPush: () => story.push('push'),
    onGroup: (groupId) => story.push(groupId),
    onPresence: ({ user_id }) => story.push(user_id),
    onInterrupted: () => story.push('interrupted'),
    ...overrides,
  };
  const feed = await bus.listen('g1', listener);
  return {
    server,
    redis,
    bus,
    feed,
    listener,
    errors,
    ignored,
    story,
    /** Cuts the connections of subscribers; gives how many there were. */
    cut: async () => Number(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')),
    channels: async () => ((await redis.pubsub('CHANNELS')) as string[]).sort(),
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function assertUnavailable(promise: Promise<unknown>): Promise<void> {
  const begin = performance.now();
  await assert.rejects(promise, StoreUnavailable);
  assert.ok(performance.now() - begin < 5000, 'in time');
}
