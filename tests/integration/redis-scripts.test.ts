import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appendKeysOf, inboxKeysOf, REDIS_KEYS } from '../../src/adapters/redis/redis-keys.ts';
import {
  inboxAppend,
  inboxRead,
  registryHold,
  registryRelease,
  seqTake,
} from '../../src/adapters/redis/redis-scripts.ts';
import { range } from '../contract/samples.ts';
import { connectScoped, SKIP } from './redis-fixture.ts';
import { serverFrom } from './servers.ts';

const url = serverFrom('REDIS_URL');
const HOUR_MS = 3600_000;
/** Messages of an inbox. */
const KEPT = 3;

type Written = [conversationId: string, seq: string, json: string];

function at(conversation_id: string, seq: number, content = ''): Written {
  return [conversation_id, String(seq), JSON.stringify({ conversation_id, seq, content })];
}

/** All of these for one user. */
function all(messages: Written[]): (string | number)[] {
  return [messages.length, ...messages.flat(), messages.length, ...messages.map((_, i) => i + 1)];
}

describe('Redis scripts', { skip: url ? false : SKIP }, () => {
  async function open() {
    const { redis, scope, ...fixture } = await connectScoped(url!);
    const user = scope.name('ann');
    const inboxKeys = inboxKeysOf(user);
    const appendKeys = appendKeysOf(user);
    const registryKeys = [REDIS_KEYS.conn(user), REDIS_KEYS.seen(user)] as const;
    return {
      redis,
      scope,
      inboxKeys,
      appendKeys,
      registryKeys,
      async append(epoch: string, ...messages: Written[]) {
        const kept = [4 * HOUR_MS, KEPT, HOUR_MS];
        const [, [ofUser]] = await inboxAppend.run(redis, appendKeys, [epoch, ...kept, ...all(messages)]);
        return ofUser![0];
      },
      read: (epoch: string, after: number, limit = 10) =>
        inboxRead.run(redis, inboxKeys, ['unwanted', 4 * HOUR_MS, epoch, after, limit]),
      hold: (device: string, gateway: string, session: string, devicesMax = 0) =>
        registryHold.run(redis, registryKeys, [device, gateway, session, HOUR_MS, 2 * HOUR_MS, devicesMax]),
      release: (device: string, session: string) =>
        registryRelease.run(redis, registryKeys, [device, session, 2 * HOUR_MS]),
      [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
    };
  }

  test('inboxAppend numbers, trims, and repeated changes nothing', async () => {
    await using t = await open();
    const messages = [at('c', 1), at('c', 2), at('d', 1), at('c', 3)];
    assert.deepEqual(await t.append('e', ...messages), [1, 2, 3, 4]);
    const state = async () => [
      await t.redis.zrange(t.inboxKeys[0], '0', '-1', 'WITHSCORES'),
      await t.redis.hgetall(t.inboxKeys[1]),
      await t.redis.hgetall(t.inboxKeys[2]),
    ];
    const kept = await state();
    assert.deepEqual(kept, [
      messages.slice(1).flatMap(([, , json], i) => [json, String(i + 2)]),
      { epoch: 'e', seq: '4' },
      { c: '3', d: '1' },
    ]);
    assert.deepEqual(await t.append('unwanted', ...messages.slice(1)), [2, 3, 4]);
    assert.deepEqual(await state(), kept);
  });

  test('inboxAppend takes thousands at once, and gives one that comes twice one number', async () => {
    await using t = await open();
    const numbers = range(1, 5000);
    const messages = numbers.map((seq) => at('c', seq));
    const again = [4999, 1, 5000].map((seq) => at('c', seq));
    assert.deepEqual(await t.append('e', ...messages, ...again), [...numbers, 4999, 1, 5000]);
    assert.deepEqual(
      await t.redis.zrange(t.inboxKeys[0], '0', '-1'),
      messages.slice(-KEPT).map(([, , json]) => json),
    );
  });

  test('inboxAppend knows a message by its conversation and seq, whatever became of it', async () => {
    await using t = await open();
    await t.append('e', at('c', 1, 'text'), at('c', 12), at('c1', 2));
    assert.deepEqual(await t.append('e', at('c', 1, 'recalled'), at('c1', 2), at('c', 12)), [1, 3, 2]);
    assert.equal(await t.redis.zcard(t.inboxKeys[0]), 3);
  });

  test('inboxAppend finds one far back, and takes one for new that comes late', async () => {
    await using t = await open();
    const append = async (...messages: Written[]) =>
      (
        await inboxAppend.run(t.redis, t.appendKeys, ['e', HOUR_MS, 200, HOUR_MS, ...all(messages)])
      )[1][0]![0];
    const others = range(1, 150).map((seq) => at('d', seq));
    await append(at('c', 5), ...others);
    assert.deepEqual(await append(at('c', 5)), [1]);
    assert.deepEqual(await append(at('c', 3)), [152]);
    assert.deepEqual(await append(at('c', 3), at('c', 5)), [152, 1]);
  });

  test('inboxAppend forgets conversations of which nothing is left, and no others', async () => {
    await using t = await open();
    for (const i of range(1, 2 * KEPT)) await t.append('e', at(`c${i}`, 1));
    assert.equal(await t.redis.hlen(t.inboxKeys[2]), 2 * KEPT);
    await t.append('e', at('c6', 2), at('new', 1));
    assert.deepEqual(await t.redis.hgetall(t.inboxKeys[2]), { c6: '2', new: '1' });
    assert.deepEqual(await t.append('e', at('c6', 1), at('c6', 2)), [6, 7]);
  });

  test('inboxAppend gives each of several users what is theirs, and says how it went and where each is', async () => {
    await using t = await open();
    const users = ['ann', 'bob', 'cid'].map((name) => t.scope.name(name));
    const keys = users.map(appendKeysOf);
    const messages = [at('c', 1), at('d', 1), at('c', 2)];
    const append = (...which: number[][]) =>
      inboxAppend.run(t.redis, keys.flat(), [
        ...['e', HOUR_MS, 10, HOUR_MS, messages.length],
        ...messages.flat(),
        ...which.flatMap((places) => [places.length, ...places]),
      ]);
    const conn = keys[1]!.at(-1)!;
    const routes = { phone: '{"gateway_id":"g1"}', web: '{"gateway_id":"g2"}' };
    await t.redis.hset(conn, routes);
    const held = Object.entries(routes).flat();
    const before = Date.now();
    const [[seconds, microseconds], placed] = await append([1, 2], [3], []);
    assert.deepEqual(placed, [
      [[1, 2], []],
      [[1], held],
      [[], []],
    ]);
    assert.ok(Math.abs(Number(seconds) * 1000 + Number(microseconds) / 1000 - before) < 60_000, seconds);
    await t.redis.del(conn);
    assert.deepEqual((await append([2, 3], [1, 3], [2]))[1], [
      [[2, 3], []],
      [[2, 1], []],
      [[1], []],
    ]);
    const kept = await Promise.all(keys.map(([inbox]) => t.redis.zrange(inbox, '0', '-1')));
    const [c1, d1, c2] = messages.map(([, , json]) => json);
    assert.deepEqual(kept, [[c1, d1, c2], [c2, c1], [d1]]);
  });

  test('inboxAppend sets how long keys are kept where they are new, and when a hundredth is over', async () => {
    await using t = await open();
    const left = () => Promise.all(t.inboxKeys.map((key) => t.redis.pttl(key)));
    const near = (ms: number) => (left: number) => left <= ms && left > ms - 20_000;
    const [inbox, meta] = [near(HOUR_MS), near(4 * HOUR_MS)];
    await t.append('e', at('c', 1));
    const whole = await left();
    assert.ok(inbox(whole[0]!) && meta(whole[1]!) && meta(whole[2]!), `${whole}`);
    for (const key of t.inboxKeys) await t.redis.pexpire(key, 0.995 * HOUR_MS);
    await t.append('e', at('c', 2));
    assert.ok((await left()).every(near(0.995 * HOUR_MS)));
    for (const key of t.inboxKeys) await t.redis.pexpire(key, 0.98 * HOUR_MS);
    await t.append('e', at('c', 3));
    const anew = await left();
    assert.ok(inbox(anew[0]!) && meta(anew[1]!) && meta(anew[2]!), `${anew}`);
  });

  test('seqTake counts each conversation on by as many as are wanted', async () => {
    await using t = await open();
    const [one, other] = ['one', 'other'].map((name) => REDIS_KEYS.seq(t.scope.name(name)));
    assert.deepEqual(await seqTake.run(t.redis, [one!, other!], [3, 1]), [3, 1]);
    assert.deepEqual(await seqTake.run(t.redis, [other!, one!, other!], [2, 1, 5]), [3, 4, 8]);
    assert.deepEqual(await t.redis.mget(one!, other!), ['4', '8']);
  });

  test('both inbox scripts begin an epoch without what a lost one left behind', async () => {
    await using t = await open();
    for (const touch of [() => t.append('new', at('c', 9)), () => t.read('', 0)]) {
      await t.append('e', at('c', 1), at('c', 2));
      await t.redis.del(t.inboxKeys[1]);
      await touch();
      const { epoch, seq } = await t.redis.hgetall(t.inboxKeys[1]);
      assert.notEqual(epoch, 'e');
      assert.equal(await t.redis.zcard(t.inboxKeys[0]), Number(seq));
      assert.equal(await t.redis.hlen(t.inboxKeys[2]), Number(seq));
      await t.redis.del(...t.inboxKeys);
    }
  });

  test('both inbox scripts begin an epoch where the server lives another life', async () => {
    await using t = await open();
    const read = (epoch: string) => inboxRead.run(t.redis, t.inboxKeys, [epoch, HOUR_MS, 'one.a', 1, 10]);
    await t.append('one.a', at('c', 1), at('c', 2));
    for (const same of ['one.b', '.unknown', 'e']) {
      assert.deepEqual(await read(same), ['one.a', 2, 0, [at('c', 2)[2]]], same);
      assert.deepEqual(await t.append(same, at('c', 2)), [2], same);
    }
    assert.deepEqual(await read('two.a'), ['two.a', 0, 1, []]);
    assert.deepEqual(await t.append('two.b', at('c', 3)), [1]);
    assert.deepEqual(await t.append('three.a', at('c', 4)), [1]);
    assert.deepEqual(await t.redis.zrange(t.inboxKeys[0], '0', '-1'), [at('c', 4)[2]]);
  });

  test('inboxRead gives what follows, or resync', async () => {
    await using t = await open();
    const messages = range(1, 4).map((seq) => at('c', seq));
    const [, two, three, four] = messages.map(([, , json]) => json);
    await t.append('e', ...messages);
    assert.deepEqual(await t.read('e', 1, 2), ['e', 4, 0, [two, three]]);
    assert.deepEqual(await t.read('e', 3), ['e', 4, 0, [four]]);
    assert.deepEqual(await t.read('e', 4), ['e', 4, 0, []]);
    for (const [epoch, after] of [
      ['e', 0],
      ['e', 5],
      ['e', -3],
      ['other', 2],
    ] as const) {
      assert.deepEqual(await t.read(epoch, after), ['e', 4, 1, []], `${epoch} ${after}`);
    }
    await t.redis.zrem(t.inboxKeys[0], three!);
    assert.deepEqual(await t.read('e', 1), ['e', 4, 1, []], 'a hole');
  });

  test('registryHold gives, keeps, replaces and refuses', async () => {
    await using t = await open();
    assert.deepEqual(await t.hold('phone', 'g1', 's1', 2), ['registered', 1, '', '']);
    assert.deepEqual(await t.hold('phone', 'g1', 's1', 2), ['registered', 0, '', '']);
    assert.deepEqual(await t.hold('phone', 'g2', 's2', 2), ['registered', 0, 'g1', 's1']);
    assert.deepEqual(await t.hold('phone', 'g1', 's1', 2), ['superseded', 0, '', '']);
    assert.deepEqual(await t.hold('laptop', 'g1', 's3', 2), ['registered', 0, '', '']);
    assert.deepEqual(await t.hold('watch', 'g1', 's4', 2), ['full', 0, '', '']);
    assert.deepEqual(Object.keys(await t.redis.hgetall(t.registryKeys[0])).sort(), ['laptop', 'phone']);
  });

  test('registryHold compares session ids byte by byte, the longer one being greater', async () => {
    await using t = await open();
    const ascending = ['-', '0', '0-', '00', '9', 'B', '_', 'a', 'aa'];
    for (const session of ascending) {
      assert.equal((await t.hold('phone', 'g', session))[0], 'registered', session);
    }
    for (const session of ascending.slice(0, -1)) {
      assert.equal((await t.hold('phone', 'g', session))[0], 'superseded', session);
    }
  });

  test('registryHold keeps since when the session began', async () => {
    await using t = await open();
    const held = async () => JSON.parse((await t.redis.hget(t.registryKeys[0], 'phone'))!);
    await t.hold('phone', 'g1', 's1');
    const first = await held();
    assert.equal(first.expires_at, first.since + HOUR_MS);
    await t.redis.hset(t.registryKeys[0], 'phone', JSON.stringify({ ...first, since: 5 }));
    await t.hold('phone', 'g1', 's1');
    assert.equal((await held()).since, 5);
    await t.hold('phone', 'g1', 's2');
    assert.ok((await held()).since >= first.since);
  });

  test('both registry scripts take a route that lapsed for one that is gone', async () => {
    await using t = await open();
    const lapsed = JSON.stringify({ gateway_id: 'g', session_id: 's9', since: 1, expires_at: 2 });
    await t.redis.hset(t.registryKeys[0], { phone: lapsed, laptop: lapsed });
    assert.equal(await t.release('laptop', 's9'), 0);
    assert.equal(await t.redis.get(t.registryKeys[1]), null);
    assert.deepEqual(await t.hold('watch', 'g', 's1', 1), ['registered', 1, '', '']);
    assert.deepEqual(Object.keys(await t.redis.hgetall(t.registryKeys[0])), ['watch']);
    await t.redis.hset(t.registryKeys[0], 'phone', lapsed);
    assert.equal(await t.release('watch', 's1'), 1, 'the other route does not count');
  });

  test('registryRelease takes the device from its session alone, and says who left', async () => {
    await using t = await open();
    await t.hold('phone', 'g', 's1');
    await t.hold('laptop', 'g', 's2');
    assert.equal(await t.release('phone', 's9'), 0);
    assert.equal(await t.release('phone', 's1'), 0);
    assert.equal(await t.release('laptop', 's2'), 1);
    assert.equal(await t.release('laptop', 's2'), 0);
    assert.equal(await t.redis.exists(t.registryKeys[0]), 0);
    assert.equal(await t.redis.exists(t.registryKeys[1]), 1);
  });
});
