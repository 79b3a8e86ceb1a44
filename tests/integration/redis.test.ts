import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRedisInbox } from '../../src/adapters/redis/redis-inbox.ts';
import { createRedisPushBus } from '../../src/adapters/redis/redis-push-bus.ts';
import { createRedisRegistry } from '../../src/adapters/redis/redis-registry.ts';
import { createRedisSequencer } from '../../src/adapters/redis/redis-sequencer.ts';
import { serverTime } from '../../src/adapters/redis/redis-time.ts';
import { inboxContract } from '../contract/inbox.contract.ts';
import { pushBusContract } from '../contract/push-bus.contract.ts';
import { registryContract } from '../contract/registry.contract.ts';
import { sequencerContract } from '../contract/sequencer.contract.ts';
import { until } from '../contract/wait.ts';
import { connectScoped, SKIP } from './redis-fixture.ts';
import {
  age,
  removeKeys,
  scopedInbox,
  scopedPushBus,
  scopedRegistry,
  scopedSequencer,
} from './redis-scope.ts';
import { serverFrom } from './servers.ts';

const url = serverFrom('REDIS_URL');
const INBOX_TTL_MS = 7 * 24 * 3600 * 1000;
/** Routes lapse by the server's clock, so tests of that take this long. */
const ROUTE_TTL_MS = 2000;

if (url) {
  sequencerContract('Redis', async () => {
    const { redis, scope, ...fixture } = await connectScoped(url);
    return { ...fixture, sequencer: scopedSequencer(createRedisSequencer(redis), scope) };
  });

  inboxContract('Redis', async () => {
    const { redis, scope, ...fixture } = await connectScoped(url);
    const length = 20;
    const inbox = scopedInbox(createRedisInbox({ redis, length, ttlMs: INBOX_TTL_MS }), scope);
    return {
      ...fixture,
      inbox,
      length,
      ttlMs: INBOX_TTL_MS,
      elapse: (ms: number) => age(redis, scope, ms),
      async lose() {
        await removeKeys(redis, scope);
        return inbox;
      },
    };
  });

  registryContract('Redis', async () => {
    const { redis, scope, ...fixture } = await connectScoped(url);
    const registry = scopedRegistry(createRedisRegistry({ redis, ttlMs: ROUTE_TTL_MS }), scope);
    return {
      ...fixture,
      registry,
      ttlMs: ROUTE_TTL_MS,
      now: Date.now,
      async elapse(ms: number) {
        const end = (await serverTime(redis)) + ms;
        await until('the server is so far', async () => (await serverTime(redis)) >= end);
      },
      async lose() {
        await removeKeys(redis, scope);
        return registry;
      },
    };
  });

  pushBusContract('Redis', async () => {
    const { redis, scope, errors: troubles, ...fixture } = await connectScoped(url);
    const bus = createRedisPushBus({
      redis,
      onError: (error) => troubles.push(error),
      onIgnored: (channel, reason) => troubles.push(`${channel}: ${reason}`),
    });
    return {
      bus: scopedPushBus(bus, scope),
      async [Symbol.asyncDispose]() {
        await bus[Symbol.asyncDispose]();
        await fixture[Symbol.asyncDispose]();
        assert.deepEqual(troubles, []);
      },
    };
  });
} else {
  describe('contracts of sequencer, inbox, registry and push bus: Redis', () => {
    test('run', { skip: SKIP }, () => {});
  });
}
