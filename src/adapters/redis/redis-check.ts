import type { Redis } from 'ioredis';
import { untilReady } from './redis-connection.ts';
import { reach } from './redis-errors.ts';
import { readInfo } from './redis-info.ts';

/**
 * For the start of a process: waits for the connection, and throws where the server may evict what it holds, because a
 * counter or an inbox that vanishes alone looks like one that never was. Tells `onWarning` where the server does not let us see.
 */
export async function checkRedis(redis: Redis, onWarning: (warning: string) => void): Promise<void> {
  await untilReady(redis);
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

/** For readiness: resolves where the server answers; throws `StoreUnavailable` else. */
export async function pingRedis(redis: Redis): Promise<void> {
  await reach(() => redis.ping());
}

const POLICY = 'noeviction';
