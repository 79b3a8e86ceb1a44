import { randomBytes } from 'node:crypto';
import type { Shards } from '../../src/adapters/redis/redis-shards.ts';
import type { Inbox } from '../../src/ports/inbox.ts';
import type { PushBus } from '../../src/ports/push-bus.ts';
import type { Registry, Route } from '../../src/ports/registry.ts';
import type { Sequencer } from '../../src/ports/sequencer.ts';

/**
 * Names that nobody else uses. The names of keys and channels are part of the design, and channels are shared by all
 * databases of a server, so tests that share one keep apart by the ids that they use.
 */
export interface Scope {
  name(id: string): string;
  id(name: string): string;
}

export function newScope(): Scope {
  const prefix = `${randomBytes(6).toString('hex')}-`;
  return { name: (id) => prefix + id, id: (name) => name.slice(prefix.length) };
}

/** All keys of the scope. */
export async function keysOf(shards: Shards, scope: Scope): Promise<string[]> {
  const found = new Set<string>();
  for (const redis of shards.all()) {
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', `im:*${scope.name('*')}`, 'COUNT', 1000);
      for (const key of keys) found.add(key);
      cursor = next;
    } while (cursor !== '0');
  }
  return [...found];
}

export async function removeKeys(shards: Shards, scope: Scope): Promise<void> {
  for (const key of await keysOf(shards, scope)) await shards.of(key).del(key);
}

/** Lets time pass for keys, which know no time but that of their end. */
export async function age(shards: Shards, scope: Scope, ms: number): Promise<void> {
  for (const key of await keysOf(shards, scope)) {
    const leftMs = await shards.of(key).pttl(key);
    if (leftMs >= 0) await shards.of(key).pexpire(key, leftMs - ms);
  }
}

export function scopedSequencer(sequencer: Sequencer, { name }: Scope): Sequencer {
  return {
    take: (wants) =>
      sequencer.take(wants.map((want) => ({ ...want, conversationId: name(want.conversationId) }))),
    reset: (heads) =>
      sequencer.reset(heads.map((head) => ({ ...head, conversationId: name(head.conversationId) }))),
  };
}

export function scopedInbox(inbox: Inbox, { name, id }: Scope): Inbox {
  return {
    async append(entries) {
      const { seqs, routes } = await inbox.append(
        entries.map((entry) => ({ ...entry, userId: name(entry.userId) })),
      );
      return { seqs, routes: routesOutside(routes, id) };
    },
    head: (userId) => inbox.head(name(userId)),
    read: (userId, ...place) => inbox.read(name(userId), ...place),
  };
}

function outside(route: Route, id: Scope['id']): Route {
  return { ...route, user_id: id(route.user_id) };
}

function routesOutside(routes: Map<string, Route[]>, id: Scope['id']): Map<string, Route[]> {
  return new Map([...routes].map(([userId, held]) => [id(userId), held.map((route) => outside(route, id))]));
}

export function scopedRegistry(registry: Registry, { name, id }: Scope): Registry {
  const inside = (route: Route): Route => ({ ...route, user_id: name(route.user_id) });
  return {
    now: () => registry.now(),
    async register(route, devicesMax) {
      const registration = await registry.register(inside(route), devicesMax);
      if (registration.outcome !== 'registered' || !registration.replaced) return registration;
      return { ...registration, replaced: outside(registration.replaced, id) };
    },
    refresh: async (routes) =>
      (await registry.refresh(routes.map(inside))).map((route) => outside(route, id)),
    unregister: (route) => registry.unregister(inside(route)),
    async routes(userIds) {
      return routesOutside(await registry.routes(userIds.map(name)), id);
    },
    async presence(userIds) {
      const states = await registry.presence(userIds.map(name));
      return new Map([...states].map(([userId, state]) => [id(userId), state]));
    },
  };
}

export function scopedPushBus(bus: PushBus, { name, id }: Scope): PushBus {
  return {
    publish: (gatewayId, pushes) => bus.publish(name(gatewayId), pushes),
    publishGroup: (groupId, pushes) => bus.publishGroup(name(groupId), pushes),
    publishPresence: (presence) => bus.publishPresence({ ...presence, user_id: name(presence.user_id) }),
    async listen(gatewayId, listener) {
      const feed = await bus.listen(name(gatewayId), {
        onPush: (pushes) => listener.onPush(pushes),
        onGroup: (groupId, pushes) => listener.onGroup(id(groupId), pushes),
        onPresence: (presence) => listener.onPresence({ ...presence, user_id: id(presence.user_id) }),
        onInterrupted: () => listener.onInterrupted(),
      });
      return {
        joinGroup: (groupId) => feed.joinGroup(name(groupId)),
        leaveGroup: (groupId) => feed.leaveGroup(name(groupId)),
        watch: (userId) => feed.watch(name(userId)),
        unwatch: (userId) => feed.unwatch(name(userId)),
        [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose](),
  };
}
