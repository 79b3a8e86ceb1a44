import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { Redis, ReplyError } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';
import { inOneWrite, reach } from './redis-errors.ts';

async function outcomeOf(error: Error): Promise<Error> {
  return reach(() => Promise.reject(error)).then(
    () => assert.fail('it resolved'),
    (outcome: Error) => outcome,
  );
}

test('what may pass is StoreUnavailable: no answer, and answers that refuse whatever is asked', async () => {
  const none = ['Command timed out', 'Connection is closed.', 'connect ECONNREFUSED'].map(
    (m) => new Error(m),
  );
  const refusals = [
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica. script: 5f, on @user_script:27.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'NOAUTH Authentication required.',
    'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk',
  ].map((m) => new ReplyError(m));
  for (const error of [...none, ...refusals]) {
    const outcome = await outcomeOf(error);
    assert.ok(outcome instanceof StoreUnavailable, error.message);
    assert.equal(outcome.store, 'redis');
    assert.equal(outcome.cause, error);
  }
});

test('any other answer is a fault', async () => {
  for (const message of [
    'WRONGTYPE Operation against a key',
    'ERR syntax error',
    'ERR OOM is no code here',
  ]) {
    const error = new ReplyError(message);
    assert.equal(await outcomeOf(error), error);
  }
});

test('no error holds what was sent', async () => {
  const command = { name: 'eval', args: ['what somebody wrote'] };
  for (const message of ['READONLY', 'ERR syntax error']) {
    const error = Object.assign(new ReplyError(message), { command });
    const { cause, ...outcome } = await outcomeOf(error);
    assert.doesNotMatch(JSON.stringify([outcome, { ...(cause as object) }]), /somebody/);
  }
});

/** A connection to a server that answers what it reads at once with these lines. */
async function answering(...lines: string[]) {
  let reads: string[] | undefined;
  const server = createServer((socket) => {
    socket.on('data', (bytes) => {
      const text = String(bytes);
      const answers = reads ? lines : [...text.matchAll(/^\*/gm)].map(() => '+OK');
      reads?.push(text);
      socket.write(answers.map((line) => `${line}\r\n`).join(''));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const redis = new Redis({ port, enableReadyCheck: false, retryStrategy: () => null });
  await once(redis, 'ready');
  // What the library asks at first is answered.
  await redis.ping();
  reads = [];
  return {
    redis,
    reads,
    [Symbol.dispose]() {
      redis.disconnect();
      server.close();
    },
  };
}

test('commands leave in one write, and their replies come in their order', async () => {
  using server = await answering('+one', ':2', '+three');
  const { redis } = server;
  const replies = await inOneWrite(redis, () => [redis.get('a'), redis.incr('b'), redis.get('c')]);
  assert.deepEqual(replies, ['one', 2, 'three']);
  assert.equal(server.reads.length, 1);
});

test('where one of several fails, that is told when all have been answered', async () => {
  using server = await answering('+one', '-WRONGTYPE a list', '+three');
  const { redis } = server;
  let third: string | null = null;
  const work = inOneWrite(redis, () => [
    redis.get('a'),
    redis.get('b'),
    redis.get('c').then((reply) => {
      third = reply;
    }),
  ]);
  await assert.rejects(work, { name: 'ReplyError', message: 'WRONGTYPE a list' });
  assert.equal(third, 'three');
});

test('without a connection no command is sent', async () => {
  const redis = new Redis({ lazyConnect: true, enableOfflineQueue: false });
  redis.on('error', () => {});
  await assert.rejects(
    inOneWrite(redis, () => [redis.get('a'), redis.get('b')]),
    StoreUnavailable,
  );
  redis.disconnect();
});
