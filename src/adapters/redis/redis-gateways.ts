import type { Redis } from 'ioredis';
import { reach } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import { serverTime } from './redis-time.ts';

export interface SilentGateway {
  gatewayId: string;
  /** Ms since 1970, by the server's clock. */
  lastSignAt: number;
}

/** A gateway that runs says so; call it again and again. */
export async function touchGateway(redis: Redis, gatewayId: string): Promise<void> {
  const now = await serverTime(redis);
  await reach(() => redis.zadd(REDIS_KEYS.gateways, now, gatewayId));
}

/** Gateways that have given no sign of life for this long, longest first. They stay until they are forgotten. */
export async function silentGateways(redis: Redis, silentMs: number): Promise<SilentGateway[]> {
  const until = (await serverTime(redis)) - silentMs;
  const reply = await reach(() => redis.zrangebyscore(REDIS_KEYS.gateways, '-inf', until, 'WITHSCORES'));
  const silent: SilentGateway[] = [];
  for (let i = 0; i < reply.length; i += 2) {
    silent.push({ gatewayId: reply[i]!, lastSignAt: Number(reply[i + 1]) });
  }
  return silent;
}

/**
 * For a gateway that ends, or one found silent; if that one lives after all, its next touch brings it back. Its routes
 * lapse by themselves, or are taken over by its clients' next sessions.
 */
export async function forgetGateway(redis: Redis, gatewayId: string): Promise<void> {
  await reach(() => redis.zrem(REDIS_KEYS.gateways, gatewayId));
}
