import type { Redis } from 'ioredis';
import type { Gateways } from '../../ports/gateways.ts';
import type { Route } from '../../ports/registry.ts';
import { chunksOf } from '../chunks.ts';
import { inOneWrite, reach } from './redis-errors.ts';
import { REDIS_KEYS, userOfConn } from './redis-keys.ts';
import type { HeldRoute } from './redis-registry.ts';
import { executeEach, type Shards } from './redis-shards.ts';
import { serverTime } from './redis-time.ts';

/** Keys that the server looks at in one go; it does nothing else meanwhile. */
const SCAN_COUNT = 1000;
const KEYS = [REDIS_KEYS.gatewayConnections, REDIS_KEYS.gateways];

/** Signs of life in Redis, by the server's clock. */
export function createRedisGateways(shards: Shards): Gateways {
  return {
    async sign(gatewayId, connections) {
      const scores = [connections, await serverTime(shards)];
      await executeEach(shards, KEYS, (redis, key, i) => redis.zadd(key, scores[i]!, gatewayId));
    },

    async signs() {
      const [counts, signs] = await executeEach(shards, KEYS, (redis, key) =>
        redis.zrange(key, '0', '-1', 'WITHSCORES'),
      );
      const connections = scoresOf(counts as string[]);
      return [...scoresOf(signs as string[])].map(([gatewayId, at]) => ({
        gatewayId,
        at,
        connections: connections.get(gatewayId) ?? 0,
      }));
    },

    async forget(gatewayId) {
      await executeEach(shards, KEYS, (redis, key) => redis.zrem(key, gatewayId));
    },

    async *routesTo(gatewayId) {
      for (const redis of shards.all()) {
        let cursor = '0';
        do {
          const [next, keys] = await reach(() =>
            redis.scan(cursor, 'MATCH', REDIS_KEYS.conn('*'), 'COUNT', SCAN_COUNT),
          );
          const routes = await routesIn(redis, keys);
          yield routes.filter((route) => route.gateway_id === gatewayId);
          cursor = next;
        } while (cursor !== '0');
      }
    },
  };
}

function scoresOf(reply: string[]): Map<string, number> {
  return new Map([...chunksOf(reply, 2)].map(([member, score]) => [member!, Number(score)]));
}

async function routesIn(redis: Redis, keys: string[]): Promise<Route[]> {
  const replies = await inOneWrite(redis, () => keys.map((key) => redis.hgetall(key)));
  return replies.flatMap((held, i) =>
    Object.entries(held).map(([device_id, value]) => {
      const { gateway_id, session_id }: HeldRoute = JSON.parse(value);
      return { user_id: userOfConn(keys[i]!), device_id, gateway_id, session_id };
    }),
  );
}
