import type { Redis } from 'ioredis';
import { untilReady } from './redis-connection.ts';
import { isAnswer, reach } from './redis-errors.ts';

/**
 * For the start of a process: waits for the connection, and throws where the server may evict what it holds, because a
 * counter or an inbox that vanishes alone looks like one that never was. Tells `onWarning` where the server does not let us see.
 */
export async function checkRedis(redis: Redis, onWarning: (warning: string) => void): Promise<void> {
  await untilReady(redis);
  const policy = await evictionPolicy(redis);
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

/** By INFO, because managed servers that forbid CONFIG allow it; undefined where neither is to be had. */
async function evictionPolicy(redis: Redis): Promise<string | undefined> {
  const memory = await reach(() => redis.info('memory').catch(nothingWhereForbidden));
  return /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
}

function nothingWhereForbidden(error: unknown): string {
  if (isAnswer(error)) return '';
  throw error;
}
