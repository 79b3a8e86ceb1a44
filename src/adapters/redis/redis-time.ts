import { reach } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import type { Shards } from './redis-shards.ts';

/** Ms since 1970 by one server's clock, which is the same for all who ask. */
export async function serverTime(shards: Shards): Promise<number> {
  return millisecondsOf(await reach(() => shards.of(REDIS_KEYS.gateways).time()));
}

/** The reply to TIME: seconds, and microseconds of the second. */
export function millisecondsOf(time: unknown): number {
  const [seconds, microseconds] = time as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
