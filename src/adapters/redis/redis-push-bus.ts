import type { GroupPush, Push, PushBus, PushFeed, PushListener } from '../../ports/push-bus.ts';
import type { Presence } from '../../protocol/packets.ts';
import { openChannels } from './redis-channels.ts';
import { decodeEnvelope, encodeEnvelope, type IgnoredReason } from './redis-envelope.ts';
import { reach } from './redis-errors.ts';
import { REDIS_CHANNELS } from './redis-keys.ts';
import type { Shards } from './redis-shards.ts';

export interface RedisPushBusOptions {
  /** Publish; each feed opens connections of its own beside theirs. */
  shards: Shards;
  /** A listener threw, or the connection of a feed is in trouble. */
  onError: (error: unknown) => void;
  /** An envelope came that this version cannot read. It is dropped. */
  onIgnored: (channel: string, reason: IgnoredReason) => void;
}

/** Pushes by Redis Pub/Sub. Disposing closes the feeds and not `shards`. */
export function createRedisPushBus(options: RedisPushBusOptions): PushBus {
  const { shards } = options;
  const feeds = new Set<PushFeed>();

  async function publish(channel: string, items: object[]): Promise<void> {
    // As bytes, outside of the heap: of long strings that are sent, V8 finds many still in use, and moves them twice.
    const envelope = Buffer.from(encodeEnvelope(items));
    await reach(() =>
      shards.sharded
        ? shards.of(channel).spublish(channel, envelope)
        : shards.of(channel).publish(channel, envelope),
    );
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
  { shards, onError, onIgnored }: RedisPushBusOptions,
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
  const channels = await openChannels({ shards, onInterrupted, onError });

  async function subscribe<T>(channel: string, receive: (items: T[]) => void): Promise<void> {
    if (!open) return;
    await channels.subscribe(channel, (message) => {
      const items = decodeEnvelope(message);
      if (typeof items === 'string') tell(() => onIgnored(channel, items));
      else tell(() => receive(items as T[]));
    });
  }

  async function close(): Promise<void> {
    if (!open) return;
    open = false;
    onClose();
    await channels[Symbol.asyncDispose]();
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
    leaveGroup: (groupId) => channels.unsubscribe(REDIS_CHANNELS.group(groupId)),
    watch: (userId) =>
      subscribe(REDIS_CHANNELS.presence(userId), (presences: Presence[]) => {
        for (const presence of presences) listener.onPresence(presence);
      }),
    unwatch: (userId) => channels.unsubscribe(REDIS_CHANNELS.presence(userId)),
    [Symbol.asyncDispose]: close,
  };
}
