import type { Redis } from 'ioredis';
import type { GroupPush, Push, PushBus, PushFeed, PushListener } from '../../ports/push-bus.ts';
import type { Presence } from '../../protocol/packets.ts';
import { decodeEnvelope, encodeEnvelope, type IgnoredReason } from './redis-envelope.ts';
import { reach } from './redis-errors.ts';
import { REDIS_CHANNELS } from './redis-keys.ts';
import { openSubscriber } from './redis-subscriber.ts';

export interface RedisPushBusOptions {
  /** Publishes; each feed opens a connection of its own beside it. */
  redis: Redis;
  /** A listener threw, or the connection of a feed is in trouble. */
  onError: (error: unknown) => void;
  /** An envelope came that this version cannot read. It is dropped. */
  onIgnored: (channel: string, reason: IgnoredReason) => void;
}

/** Pushes by Redis Pub/Sub. Disposing closes the feeds and not `redis`. */
export function createRedisPushBus(options: RedisPushBusOptions): PushBus {
  const { redis } = options;
  const feeds = new Set<PushFeed>();

  async function publish(channel: string, items: object[]): Promise<void> {
    await reach(() => redis.publish(channel, encodeEnvelope(items)));
  }

  return {
    publish: (gatewayId, pushes) => publish(REDIS_CHANNELS.gateway(gatewayId), pushes),
    publishGroup: (groupId, pushes) => publish(REDIS_CHANNELS.group(groupId), pushes),
    publishPresence: (presence) => publish(REDIS_CHANNELS.presence(presence.user_id), [presence]),

    async listen(gatewayId, listener) {
      const feed = await openFeed(options, gatewayId, listener, () => feeds.delete(feed));
      feeds.add(feed);
      return feed;
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...feeds].map((feed) => feed[Symbol.asyncDispose]()));
    },
  };
}

async function openFeed(
  { redis, onError, onIgnored }: RedisPushBusOptions,
  gatewayId: string,
  listener: PushListener,
  onClose: () => void,
): Promise<PushFeed> {
  let open = true;
  const tell = (call: () => void) => {
    try {
      if (open) call();
    } catch (error) {
      onError(error);
    }
  };
  const onInterrupted = () => tell(() => listener.onInterrupted());
  const subscriber = await openSubscriber({ redis, onInterrupted, onError });

  async function subscribe<T>(channel: string, receive: (items: T[]) => void): Promise<void> {
    if (!open) return;
    await subscriber.subscribe(channel, (message) => {
      const items = decodeEnvelope(message);
      if (typeof items === 'string') tell(() => onIgnored(channel, items));
      else tell(() => receive(items as T[]));
    });
  }

  async function close(): Promise<void> {
    if (!open) return;
    open = false;
    onClose();
    await subscriber[Symbol.asyncDispose]();
  }

  try {
    await subscribe(REDIS_CHANNELS.gateway(gatewayId), (pushes: Push[]) => listener.onPush(pushes));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    joinGroup: (groupId) =>
      subscribe(REDIS_CHANNELS.group(groupId), (pushes: GroupPush[]) => listener.onGroup(groupId, pushes)),
    leaveGroup: (groupId) => subscriber.unsubscribe(REDIS_CHANNELS.group(groupId)),
    watch: (userId) =>
      subscribe(REDIS_CHANNELS.presence(userId), (presences: Presence[]) => {
        for (const presence of presences) listener.onPresence(presence);
      }),
    unwatch: (userId) => subscriber.unsubscribe(REDIS_CHANNELS.presence(userId)),
    [Symbol.asyncDispose]: close,
  };
}
