import type { ChainableCommander, Redis } from 'ioredis';
import type { PresenceState, Registration, Registry, Route } from '../../ports/registry.ts';
import { execute, reach } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import type { HoldReply } from './redis-scripts.ts';
import { byServer, executeEach, type Shards } from './redis-shards.ts';
import { millisecondsOf, serverTime } from './redis-time.ts';

/** How long it is remembered when a user was last seen. */
const LAST_SEEN_KEPT_MS = 30 * 24 * 3600 * 1000;
const ANY_NUMBER = 0;

export interface RedisRegistryOptions {
  shards: Shards;
  /** A route that is not refreshed lapses after this. */
  ttlMs: number;
}

/** What is kept of a route under its device; times are ms since 1970 by the server's clock. */
export interface HeldRoute {
  gateway_id: string;
  session_id: string;
  since: number;
  expires_at: number;
}

/**
 * Routes in Redis; see `lua/registry-hold.lua` and `lua/registry-release.lua`. Only the server's clock counts, so the
 * clocks of gateways need not agree. A key lasts as long as its newest route; older ones in it tell themselves when
 * they lapsed, and are removed when the user comes to somebody's mind again.
 */
export function createRedisRegistry({ shards, ttlMs }: RedisRegistryOptions): Registry {
  return {
    now: () => serverTime(shards),

    async register(route, devicesMax) {
      const redis = shards.of(REDIS_KEYS.conn(route.user_id));
      const reply = await reach(() => redis.registryHold(...holdArguments(route, ttlMs), devicesMax));
      return registrationOf(route, reply);
    },

    async refresh(routes) {
      const keys = routes.map(({ user_id }) => REDIS_KEYS.conn(user_id));
      const replies = (await executeEach(shards, keys, (pipeline, _key, i) =>
        pipeline.registryHold(...holdArguments(routes[i]!, ttlMs), ANY_NUMBER),
      )) as HoldReply[];
      return routes.filter((_, i) => replies[i]![0] === 'superseded');
    },

    async unregister(route) {
      const redis = shards.of(REDIS_KEYS.conn(route.user_id));
      const left = await reach(() =>
        redis.registryRelease(...keysOf(route.user_id), route.device_id, route.session_id, LAST_SEEN_KEPT_MS),
      );
      return { left: left === 1 };
    },

    async routes(userIds) {
      const result = new Map<string, Route[]>();
      await eachServer(shards, userIds, async (redis, users) => {
        const pipeline = redis.pipeline();
        queueRoutes(pipeline, users);
        for (const [userId, routes] of readRoutes(users, await execute(pipeline))) {
          if (routes.length > 0) result.set(userId, routes);
        }
      });
      return result;
    },

    async presence(userIds) {
      const result = new Map<string, PresenceState>();
      await eachServer(shards, userIds, async (redis, users) => {
        const pipeline = redis.pipeline().time();
        for (const userId of users) {
          pipeline.hgetall(REDIS_KEYS.conn(userId));
          pipeline.get(REDIS_KEYS.seen(userId));
        }
        const [time, ...replies] = await execute(pipeline);
        const now = millisecondsOf(time);
        users.forEach((userId, i) => {
          const routes = liveRoutes(userId, replies[2 * i] as Record<string, string>, now);
          result.set(userId, presenceOf(routes.length, replies[2 * i + 1] as string | null, now));
        });
      });
      return result;
    },
  };
}

/** Looks users up whose keys are on the same server. */
export function queueRoutes(pipeline: ChainableCommander, userIds: string[]): void {
  pipeline.time();
  for (const userId of userIds) pipeline.hgetall(REDIS_KEYS.conn(userId));
}

/** Of each user, from the replies to `queueRoutes`. */
export function readRoutes(userIds: string[], [time, ...held]: unknown[]): [userId: string, Route[]][] {
  const now = millisecondsOf(time);
  return userIds.map((userId, i) => [userId, liveRoutes(userId, held[i] as Record<string, string>, now)]);
}

/** Does something with the users of each server, by its own clock. */
async function eachServer(
  shards: Shards,
  userIds: string[],
  work: (redis: Redis, users: string[]) => Promise<void>,
): Promise<void> {
  const servers = byServer(shards, userIds.map(REDIS_KEYS.conn));
  await Promise.all(
    [...servers].map(([redis, which]) =>
      work(
        redis,
        which.map((i) => userIds[i]!),
      ),
    ),
  );
}

function keysOf(userId: string): [string, string] {
  return [REDIS_KEYS.conn(userId), REDIS_KEYS.seen(userId)];
}

function holdArguments(route: Route, ttlMs: number) {
  const { user_id, device_id, gateway_id, session_id } = route;
  return [...keysOf(user_id), device_id, gateway_id, session_id, ttlMs, LAST_SEEN_KEPT_MS] as const;
}

function registrationOf(route: Route, [outcome, came, gateway_id, session_id]: HoldReply): Registration {
  if (outcome !== 'registered') return { outcome };
  if (session_id === '') return { outcome, came: came === 1 };
  return { outcome, came: came === 1, replaced: { ...route, gateway_id, session_id } };
}

function liveRoutes(user_id: string, held: Record<string, string>, now: number): Route[] {
  return Object.entries(held).flatMap(([device_id, value]) => {
    const { gateway_id, session_id, expires_at }: HeldRoute = JSON.parse(value);
    return expires_at > now ? [{ user_id, device_id, gateway_id, session_id }] : [];
  });
}

function presenceOf(devices: number, seen: string | null, now: number): PresenceState {
  if (devices > 0) return { online: true, devices, lastSeen: now };
  return { online: false, devices: 0, lastSeen: seen === null ? null : Number(seen) };
}
