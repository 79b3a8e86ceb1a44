import type { Redis } from 'ioredis';
import type { Gateways } from '../../ports/gateways.ts';
import type { Route } from '../../ports/registry.ts';
import { execute, reach } from './redis-errors.ts';
import { REDIS_KEYS, userOfConn } from './redis-keys.ts';
import type { HeldRoute } from './redis-registry.ts';
import { serverTime } from './redis-time.ts';

/** Keys that the server looks at in one go; it does nothing else meanwhile. */
const SCAN_COUNT = 1000;

/** Signs of life in Redis, by the server's clock. */
export function createRedisGateways(redis: Redis): Gateways {
  return {
    async sign(gatewayId, connections) {
      const now = await serverTime(redis);
      await execute(
        redis
          .pipeline()
          .zadd(REDIS_KEYS.gatewayConnections, connections, gatewayId)
          .zadd(REDIS_KEYS.gateways, now, gatewayId),
      );
    },

    async signs() {
      const [signs, counts] = await execute(
        redis
          .pipeline()
          .zrange(REDIS_KEYS.gateways, '0', '-1', 'WITHSCORES')
          .zrange(REDIS_KEYS.gatewayConnections, '0', '-1', 'WITHSCORES'),
      );
      const connections = scoresOf(counts as string[]);
      return [...scoresOf(signs as string[])].map(([gatewayId, at]) => ({
        gatewayId,
        at,
        connections: connections.get(gatewayId) ?? 0,
      }));
    },

    async forget(gatewayId) {
      await execute(
        redis.pipeline().zrem(REDIS_KEYS.gatewayConnections, gatewayId).zrem(REDIS_KEYS.gateways, gatewayId),
      );
    },

    async *routesTo(gatewayId) {
      let cursor = '0';
      do {
        const [next, keys] = await reach(() =>
          redis.scan(cursor, 'MATCH', REDIS_KEYS.conn('*'), 'COUNT', SCAN_COUNT),
        );
        const routes = await routesIn(redis, keys);
        yield routes.filter((route) => route.gateway_id === gatewayId);
        cursor = next;
      } while (cursor !== '0');
    },
  };
}

function scoresOf(reply: string[]): Map<string, number> {
  const scores = new Map<string, number>();
  for (let i = 0; i < reply.length; i += 2) scores.set(reply[i]!, Number(reply[i + 1]));
  return scores;
}

async function routesIn(redis: Redis, keys: string[]): Promise<Route[]> {
  const pipeline = redis.pipeline();
  for (const key of keys) pipeline.hgetall(key);
  const replies = (await execute(pipeline)) as Record<string, string>[];
  return replies.flatMap((held, i) =>
    Object.entries(held).map(([device_id, value]) => {
      const { gateway_id, session_id }: HeldRoute = JSON.parse(value);
      return { user_id: userOfConn(keys[i]!), device_id, gateway_id, session_id };
    }),
  );
}
