import type { InboxState, RouteState } from '../../ports/operations.ts';
import { inOneWrite, reach } from './redis-errors.ts';
import { inboxKeysOf, REDIS_KEYS } from './redis-keys.ts';
import type { HeldRoute } from './redis-registry.ts';
import type { Shards } from './redis-shards.ts';
import { millisecondsOf } from './redis-time.ts';

/** What operators want to know of Redis and no port tells. Nothing of it is begun by looking. */

/** The user's live routes, longest first, with the signs of life of their gateways. */
export async function readRoutes(shards: Shards, userId: string): Promise<RouteState[]> {
  const key = REDIS_KEYS.conn(userId);
  const redis = shards.of(key);
  const [time, held] = await inOneWrite(redis, () => [redis.time(), redis.hgetall(key)]);
  const now = millisecondsOf(time);
  const routes = Object.entries(held)
    .map(([device_id, value]) => ({ device_id, ...(JSON.parse(value) as HeldRoute) }))
    .filter(({ expires_at }) => expires_at > now)
    .sort((a, b) => a.since - b.since);
  if (routes.length === 0) return [];
  const gatewayIds = routes.map(({ gateway_id }) => gateway_id);
  const signs = await reach(() => shards.of(REDIS_KEYS.gateways).zmscore(REDIS_KEYS.gateways, gatewayIds));
  return routes.map((route, i) => ({
    ...route,
    gateway_seen_at: signs[i] == null ? null : Number(signs[i]),
    now,
  }));
}

export async function readInboxState(shards: Shards, userId: string): Promise<InboxState | undefined> {
  const redis = shards.of(REDIS_KEYS.inbox(userId));
  const [[epoch, seq], length] = await inOneWrite(redis, () => [
    redis.hmget(REDIS_KEYS.inboxMeta(userId), 'epoch', 'seq'),
    redis.zcard(REDIS_KEYS.inbox(userId)),
  ]);
  return epoch == null ? undefined : { epoch, seq: Number(seq), length };
}

/** All of it at once: numbers without their epoch would be taken for those of the next one. */
export async function dropInbox(shards: Shards, userId: string): Promise<void> {
  const keys = inboxKeysOf(userId);
  await reach(() => shards.of(keys[0]).del(...keys));
}

/** The last number that was taken; null where the counter is not there. */
export async function readCounter(shards: Shards, conversationId: string): Promise<number | null> {
  const key = REDIS_KEYS.seq(conversationId);
  const counter = await reach(() => shards.of(key).get(key));
  return counter === null ? null : Number(counter);
}
