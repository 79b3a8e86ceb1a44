import type { PresenceState, Registry, Route } from '../../ports/registry.ts';
import { createSweep } from './sweep.ts';

/** How long it is remembered when a user was last seen. */
const LAST_SEEN_KEPT_MS = 30 * 24 * 3600 * 1000;

export interface MemoryRegistryOptions {
  /** A route that is not refreshed lapses after this. */
  ttlMs: number;
  now: () => number;
}

interface UserEntry {
  /** One for each device. */
  routes: Held[];
  /** When a route was last removed or lapsed; 0 before. */
  lastSeen: number;
}

interface Held {
  route: Route;
  refreshedAt: number;
}

/** Routes in this process's memory: for gateways and workers of one process. */
export function createMemoryRegistry({ ttlMs, now }: MemoryRegistryOptions): Registry {
  const { find, findOrAdd } = createUsers({ ttlMs, now });

  return {
    async now() {
      return now();
    },

    async register(route, devicesMax) {
      const user = findOrAdd(route.user_id);
      const held = user.routes.find((other) => other.route.device_id === route.device_id);
      if (held && held.route.session_id > route.session_id) return { outcome: 'superseded' };
      if (!held && user.routes.length >= devicesMax) return { outcome: 'full' };
      const came = user.routes.length === 0;
      const replaced = held && held.route.session_id !== route.session_id ? held.route : undefined;
      hold(user, held, route, now());
      return replaced ? { outcome: 'registered', replaced, came } : { outcome: 'registered', came };
    },

    async refresh(routes) {
      return routes.filter((route) => {
        const user = findOrAdd(route.user_id);
        const held = user.routes.find((other) => other.route.device_id === route.device_id);
        if (held && held.route.session_id > route.session_id) return true;
        hold(user, held, route, now());
        return false;
      });
    },

    async unregister(route) {
      const user = find(route.user_id);
      const index = user?.routes.findIndex((held) => held.route.session_id === route.session_id) ?? -1;
      if (!user || index < 0) return { left: false };
      user.routes.splice(index, 1);
      user.lastSeen = now();
      return { left: user.routes.length === 0 };
    },

    async routes(userIds) {
      const result = new Map<string, Route[]>();
      for (const userId of userIds) {
        const user = find(userId);
        if (user && user.routes.length > 0) {
          result.set(
            userId,
            user.routes.map((held) => held.route),
          );
        }
      }
      return result;
    },

    async presence(userIds) {
      return new Map(userIds.map((userId) => [userId, presenceOf(find(userId), now())]));
    },
  };
}

/** Users by id; what is found is without lapsed routes. Who is offline for long is removed while others are added. */
function createUsers({ ttlMs, now }: MemoryRegistryOptions) {
  const users = new Map<string, UserEntry>();
  const sweep = createSweep(users, (user) => {
    dropLapsed(user, now() - ttlMs);
    return user.routes.length === 0 && now() - user.lastSeen >= LAST_SEEN_KEPT_MS;
  });

  function find(userId: string): UserEntry | undefined {
    const user = users.get(userId);
    if (user) dropLapsed(user, now() - ttlMs);
    return user;
  }

  function findOrAdd(userId: string): UserEntry {
    sweep();
    let user = find(userId);
    if (!user) {
      user = { routes: [], lastSeen: 0 };
      users.set(userId, user);
    }
    return user;
  }

  return { find, findOrAdd };
}

function dropLapsed(user: UserEntry, lapsedAt: number): void {
  if (user.routes.every((held) => held.refreshedAt > lapsedAt)) return;
  for (const held of user.routes) {
    if (held.refreshedAt <= lapsedAt) user.lastSeen = Math.max(user.lastSeen, held.refreshedAt);
  }
  user.routes = user.routes.filter((held) => held.refreshedAt > lapsedAt);
}

function hold(user: UserEntry, held: Held | undefined, route: Route, time: number): void {
  if (held) {
    held.route = route;
    held.refreshedAt = time;
  } else user.routes.push({ route, refreshedAt: time });
}

function presenceOf(user: UserEntry | undefined, time: number): PresenceState {
  const devices = user?.routes.length ?? 0;
  if (devices > 0) return { online: true, devices, lastSeen: time };
  const lastSeen = user && user.lastSeen > 0 ? user.lastSeen : null;
  return { online: false, devices: 0, lastSeen };
}
