import type { Redis } from 'ioredis';
import type { PresenceState, Registration, Registry, Route } from '../../ports/registry.ts';
import { inOneWrite, reach } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import { type HoldReply, registryHold, registryRelease } from './redis-scripts.ts';
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
      const reply = await reach(() => hold(redis, route, ttlMs, devicesMax));
      return registrationOf(route, reply);
    },

    async refresh(routes) {
      const keys = routes.map(({ user_id }) => REDIS_KEYS.conn(user_id));
      const replies = await executeEach(shards, keys, (redis, _key, i) =>
        hold(redis, routes[i]!, ttlMs, ANY_NUMBER),
      );
      return routes.filter((_, i) => replies[i]![0] === 'superseded');
    },

    async unregister(route) {
      const redis = shards.of(REDIS_KEYS.conn(route.user_id));
      const left = await reach(() =>
        registryRelease.run(redis, keysOf(route.user_id), [
          route.device_id,
          route.session_id,
          LAST_SEEN_KEPT_MS,
        ]),
      );
      return { left: left === 1 };
    },

    async routes(userIds) {
      const result = new Map<string, Route[]>();
      await eachServer(shards, userIds, async (redis, users) => {
        const [time, ...held] = await inOneWrite(redis, () => [
          redis.time(),
          ...users.map((userId) => redis.hgetall(REDIS_KEYS.conn(userId))),
        ]);
        const now = millisecondsOf(time);
        users.forEach((userId, i) => {
          const routes = liveRoutes(userId, Object.entries(held[i]!), now);
          if (routes.length > 0) result.set(userId, routes);
        });
      });
      return result;
    },

    async presence(userIds) {
      const result = new Map<string, PresenceState>();
      await eachServer(shards, userIds, async (redis, users) => {
        const [time, ...ofUsers] = await inOneWrite(redis, () => [
          redis.time(),
          ...users.map((userId) =>
            Promise.all([redis.hgetall(REDIS_KEYS.conn(userId)), redis.get(REDIS_KEYS.seen(userId))]),
          ),
        ]);
        const now = millisecondsOf(time);
        users.forEach((userId, i) => {
          const [held, seen] = ofUsers[i]!;
          const routes = liveRoutes(userId, Object.entries(held), now);
          result.set(userId, presenceOf(routes.length, seen, now));
        });
      });
      return result;
    },
  };
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

function hold(redis: Redis, route: Route, ttlMs: number, devicesMax: number): Promise<HoldReply> {
  const { user_id, device_id, gateway_id, session_id } = route;
  const about = [device_id, gateway_id, session_id] as const;
  return registryHold.run(redis, keysOf(user_id), [...about, ttlMs, LAST_SEEN_KEPT_MS, devicesMax]);
}

function registrationOf(route: Route, [outcome, came, gateway_id, session_id]: HoldReply): Registration {
  if (outcome !== 'registered') return { outcome };
  if (session_id === '') return { outcome, came: came === 1 };
  return { outcome, came: came === 1, replaced: { ...route, gateway_id, session_id } };
}

/** Of a user's devices and what is held for each, the routes that have not lapsed. */
export function liveRoutes(user_id: string, held: [deviceId: string, json: string][], now: number): Route[] {
  return held.flatMap(([device_id, value]) => {
    const { gateway_id, session_id, expires_at }: HeldRoute = JSON.parse(value);
    return expires_at > now ? [{ user_id, device_id, gateway_id, session_id }] : [];
  });
}

function presenceOf(devices: number, seen: string | null, now: number): PresenceState {
  if (devices > 0) return { online: true, devices, lastSeen: now };
  return { online: false, devices: 0, lastSeen: seen === null ? null : Number(seen) };
}
