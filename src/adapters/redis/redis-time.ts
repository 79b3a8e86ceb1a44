import type { Redis } from 'ioredis';
import { reach } from './redis-errors.ts';

/** Ms since 1970 by the server's clock. */
export async function serverTime(redis: Redis): Promise<number> {
  return millisecondsOf(await reach(() => redis.time()));
}

/** The reply to TIME: seconds, and microseconds of the second. */
export function millisecondsOf(time: unknown): number {
  const [seconds, microseconds] = time as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
