import type { Redis } from 'ioredis';
import { reach } from './redis-errors.ts';
import { readInfo } from './redis-info.ts';
import type { Shards } from './redis-shards.ts';

/**
 * For the start of a process: waits for the connections, and throws where a server may evict what it holds, because a
 * counter or an inbox that vanishes alone looks like one that never was. Tells `onWarning` where a server does not let us see.
 */
export async function checkRedis(shards: Shards, onWarning: (warning: string) => void): Promise<void> {
  await shards.ready();
  for (const redis of shards.all()) {
    await checkMode(redis, shards);
    await checkPolicy(redis, onWarning);
  }
}

/** A server of a cluster answers for its own keys alone. */
async function checkMode(redis: Redis, { sharded }: Shards): Promise<void> {
  const isOfCluster = (await readInfo(redis, 'cluster', 'cluster_enabled')) === '1';
  if (isOfCluster && !sharded) throw new Error('REDIS_URL leads to a Redis Cluster: set REDIS_CLUSTER=true.');
}

async function checkPolicy(redis: Redis, onWarning: (warning: string) => void): Promise<void> {
  const policy = await readInfo(redis, 'memory', 'maxmemory_policy');
  if (policy === undefined) {
    onWarning(`Redis does not tell its maxmemory-policy; make sure that it is ${POLICY}.`);
  } else if (policy !== POLICY) {
    throw new Error(
      `Redis may evict counters and inboxes: its maxmemory-policy is ${policy}. ` +
        `Set \`maxmemory-policy ${POLICY}\` in its configuration, or \`CONFIG SET maxmemory-policy ${POLICY}\`.`,
    );
  }
}

/** For readiness: resolves where any server answers; throws `StoreUnavailable` else. */
export async function pingRedis(shards: Shards): Promise<void> {
  const pings = shards.all().map((redis) => reach(() => redis.ping()));
  await Promise.any(pings).catch(({ errors }: AggregateError) => {
    throw errors[0];
  });
}

const POLICY = 'noeviction';
