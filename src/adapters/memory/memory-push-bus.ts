import type { PushBus, PushListener } from '../../ports/push-bus.ts';

/** What the bus keeps of a feed, so that disposing of it finds all its subscriptions. */
interface Feed {
  gatewayId: string;
  listener: PushListener;
  groups: Set<string>;
  watched: Set<string>;
}

/**
 * Passes pushes on within the process, as they are: nobody may change what was published. A listener runs in a
 * microtask of its own, so it can neither hold up a publisher nor break it; what it throws goes to `onListenerError`.
 */
export function createMemoryPushBus(onListenerError: (error: unknown) => void = warn): PushBus {
  const byGateway = new Map<string, Set<Feed>>();
  const byGroup = new Map<string, Set<Feed>>();
  const byWatched = new Map<string, Set<Feed>>();
  const feeds = new Set<Feed>();

  function deliver(
    subscribers: Map<string, Set<Feed>>,
    key: string,
    tell: (listener: PushListener) => void,
  ): void {
    if (!subscribers.has(key)) return;
    queueMicrotask(() => {
      for (const feed of subscribers.get(key) ?? []) {
        try {
          tell(feed.listener);
        } catch (error) {
          onListenerError(error);
        }
      }
    });
  }

  function drop(feed: Feed): void {
    feeds.delete(feed);
    remove(byGateway, feed.gatewayId, feed);
    for (const groupId of feed.groups) remove(byGroup, groupId, feed);
    for (const userId of feed.watched) remove(byWatched, userId, feed);
  }

  return {
    async publish(gatewayId, pushes) {
      deliver(byGateway, gatewayId, (listener) => listener.onPush(pushes));
    },

    async publishGroup(groupId, pushes) {
      deliver(byGroup, groupId, (listener) => listener.onGroup(groupId, pushes));
    },

    async publishPresence(presence) {
      deliver(byWatched, presence.user_id, (listener) => listener.onPresence(presence));
    },

    async listen(gatewayId, listener) {
      const feed: Feed = { gatewayId, listener, groups: new Set(), watched: new Set() };
      feeds.add(feed);
      add(byGateway, gatewayId, feed);
      return {
        async joinGroup(groupId) {
          if (!feeds.has(feed)) return;
          feed.groups.add(groupId);
          add(byGroup, groupId, feed);
        },
        async leaveGroup(groupId) {
          feed.groups.delete(groupId);
          remove(byGroup, groupId, feed);
        },
        async watch(userId) {
          if (!feeds.has(feed)) return;
          feed.watched.add(userId);
          add(byWatched, userId, feed);
        },
        async unwatch(userId) {
          feed.watched.delete(userId);
          remove(byWatched, userId, feed);
        },
        async [Symbol.asyncDispose]() {
          drop(feed);
        },
      };
    },

    async [Symbol.asyncDispose]() {
      for (const feed of feeds) drop(feed);
    },
  };
}

function add(subscribers: Map<string, Set<Feed>>, key: string, feed: Feed): void {
  const set = subscribers.get(key);
  if (set) set.add(feed);
  else subscribers.set(key, new Set([feed]));
}

function remove(subscribers: Map<string, Set<Feed>>, key: string, feed: Feed): void {
  const set = subscribers.get(key);
  if (set?.delete(feed) && set.size === 0) subscribers.delete(key);
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
