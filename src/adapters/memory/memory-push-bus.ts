import type { PushBus, PushListener } from '../../ports/push-bus.ts';

/** Of two feeds that share a listener each has its own subscriptions. */
interface Feed {
  listener: PushListener;
}

/** Who is told of a gateway, a group or a watched user. */
type Subscribers = Map<string, Set<Feed>>;

/**
 * Passes pushes on within the process, as they are: nobody may change what was published. A listener runs in a
 * microtask of its own, so it can neither hold up a publisher nor break it; what it throws goes to `onListenerError`.
 */
export function createMemoryPushBus(onListenerError: (error: unknown) => void = warn): PushBus {
  const byGateway: Subscribers = new Map();
  const byGroup: Subscribers = new Map();
  const byWatched: Subscribers = new Map();
  let closed = false;

  function deliver(subscribers: Subscribers, key: string, tell: (listener: PushListener) => void): void {
    if (closed || !subscribers.has(key)) return;
    queueMicrotask(() => {
      for (const { listener } of subscribers.get(key) ?? []) {
        try {
          tell(listener);
        } catch (error) {
          onListenerError(error);
        }
      }
    });
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
      const feed = { listener };
      const gateway = createSubscriptions(byGateway, feed);
      const groups = createSubscriptions(byGroup, feed);
      const watched = createSubscriptions(byWatched, feed);
      gateway.add(gatewayId);
      return {
        joinGroup: async (groupId) => groups.add(groupId),
        leaveGroup: async (groupId) => groups.remove(groupId),
        watch: async (userId) => watched.add(userId),
        unwatch: async (userId) => watched.remove(userId),
        async [Symbol.asyncDispose]() {
          for (const subscriptions of [gateway, groups, watched]) subscriptions.end();
        },
      };
    },

    async [Symbol.asyncDispose]() {
      closed = true;
    },
  };
}

/** What one feed is subscribed to among these. */
function createSubscriptions(subscribers: Subscribers, feed: Feed) {
  const keys = new Set<string>();

  function remove(key: string): void {
    keys.delete(key);
    const set = subscribers.get(key);
    if (set?.delete(feed) && set.size === 0) subscribers.delete(key);
  }

  return {
    add(key: string): void {
      keys.add(key);
      const set = subscribers.get(key);
      if (set) set.add(feed);
      else subscribers.set(key, new Set([feed]));
    },
    remove,
    end(): void {
      for (const key of keys) remove(key);
    },
  };
}

function warn(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : String(error));
}
