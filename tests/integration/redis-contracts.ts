import assert from 'node:assert/strict';
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
import type { ScopedConnection } from './redis-fixture.ts';
import {
  age,
  removeKeys,
  scopedInbox,
  scopedPushBus,
  scopedRegistry,
  scopedSequencer,
} from './redis-scope.ts';

const INBOX_TTL_MS = 7 * 24 * 3600 * 1000;
/** Routes lapse by the server's clock, so tests of that take this long. */
const ROUTE_TTL_MS = 2000;

/** All that Redis keeps and carries, on the servers to which it is connected for each test. */
export function redisContracts(name: string, connectScoped: () => Promise<ScopedConnection>): void {
  sequencerContract(name, async () => {
    const { shards, scope, ...fixture } = await connectScoped();
    return { ...fixture, sequencer: scopedSequencer(createRedisSequencer(shards), scope) };
  });

  inboxContract(name, async () => {
    const { shards, scope, ...fixture } = await connectScoped();
    const length = 20;
    const inbox = scopedInbox(createRedisInbox({ shards, length, ttlMs: INBOX_TTL_MS }), scope);
    // As of another process, which is not in line behind the inbox.
    const other = await connectScoped();
    const registry = scopedRegistry(
      createRedisRegistry({ shards: other.shards, ttlMs: INBOX_TTL_MS }),
      scope,
    );
    return {
      ...fixture,
      inbox,
      registry,
      length,
      ttlMs: INBOX_TTL_MS,
      elapse: (ms: number) => age(shards, scope, ms),
      async lose() {
        await removeKeys(shards, scope);
        return inbox;
      },
      async [Symbol.asyncDispose]() {
        await other[Symbol.asyncDispose]();
        await fixture[Symbol.asyncDispose]();
      },
    };
  });

  registryContract(name, async () => {
    const { shards, scope, ...fixture } = await connectScoped();
    const registry = scopedRegistry(createRedisRegistry({ shards, ttlMs: ROUTE_TTL_MS }), scope);
    return {
      ...fixture,
      registry,
      ttlMs: ROUTE_TTL_MS,
      now: Date.now,
      async elapse(ms: number) {
        const end = (await serverTime(shards)) + ms;
        await until('the server is so far', async () => (await serverTime(shards)) >= end);
      },
      async lose() {
        await removeKeys(shards, scope);
        return registry;
      },
    };
  });

  pushBusContract(name, async () => {
    const { shards, scope, errors: troubles, ...fixture } = await connectScoped();
    const bus = createRedisPushBus({
      shards,
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
}
