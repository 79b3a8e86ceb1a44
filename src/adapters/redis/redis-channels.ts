import type { Redis } from 'ioredis';
import type { Shards } from './redis-shards.ts';
import { openSubscriber, type Subscriber } from './redis-subscriber.ts';

/** How soon it is tried again to find who hears a channel. */
const RETRY_MS = 1000;

export interface ChannelsOptions {
  shards: Shards;
  /** Anything may have been lost since the last message; from now on messages come again. */
  onInterrupted: () => void;
  onError: (error: unknown) => void;
}

interface Wish {
  receive: (message: string) => void;
  /** Whose subscriber keeps it; undefined where there is none yet. */
  at?: Redis;
}

/** Channels that stay subscribed to wherever they are heard, until they are given up. */
export async function openChannels({ shards, onInterrupted, onError }: ChannelsOptions): Promise<Subscriber> {
  const open = (redis: Redis) => openSubscriber({ redis, sharded: shards.sharded, onInterrupted, onError });
  return shards.sharded ? followChannels(shards, open, onInterrupted) : await open(shards.all()[0]!);
}

/** A subscriber for each server at which a channel is heard; channels move with the slots of their names. */
function followChannels(
  shards: Shards,
  open: (redis: Redis) => Promise<Subscriber>,
  onInterrupted: () => void,
): Subscriber {
  const wishes = new Map<string, Wish>();
  const subscribers = new Map<Redis, Promise<Subscriber>>();
  let retry: NodeJS.Timeout | undefined;
  let following = Promise.resolve();
  const stopFollowing = shards.onMoved(follow);

  function follow(): void {
    clearTimeout(retry);
    following = following.then(placeAll);
  }

  async function placeAll(): Promise<void> {
    await Promise.allSettled([...wishes].map(([channel, wish]) => place(channel, wish)));
    const present = new Set(shards.all());
    for (const redis of subscribers.keys()) if (!present.has(redis)) void close(redis);
    onInterrupted();
    retryLater();
  }

  /** What is with a server's subscriber stays subscribed to there; what is with none is for us to try again. */
  function retryLater(): void {
    if (![...wishes.values()].some(({ at }) => at === undefined)) return;
    clearTimeout(retry);
    retry = setTimeout(follow, RETRY_MS);
  }

  async function place(channel: string, wish: Wish): Promise<void> {
    const redis = shards.of(channel);
    if (wish.at === redis) return;
    const subscriber = await subscriberAt(redis);
    if (wishes.get(channel) !== wish) return;
    if (shards.of(channel) !== redis) return await place(channel, wish);
    const before = wish.at;
    wish.at = redis;
    if (before) await leave(channel, before);
    await subscriber.subscribe(channel, wish.receive);
  }

  function subscriberAt(redis: Redis): Promise<Subscriber> {
    const known = subscribers.get(redis);
    if (known) return known;
    const opened = open(redis);
    subscribers.set(redis, opened);
    opened.catch(() => subscribers.delete(redis));
    return opened;
  }

  async function leave(channel: string, redis: Redis): Promise<void> {
    const subscriber = await subscribers.get(redis)?.catch(() => undefined);
    await subscriber?.unsubscribe(channel);
  }

  async function close(redis: Redis): Promise<void> {
    const subscriber = subscribers.get(redis);
    subscribers.delete(redis);
    await subscriber?.then(
      (opened) => opened[Symbol.asyncDispose](),
      () => {},
    );
  }

  return {
    async subscribe(channel, receive) {
      const wish: Wish = { receive };
      wishes.set(channel, wish);
      try {
        await place(channel, wish);
      } catch (error) {
        retryLater();
        throw error;
      }
    },

    async unsubscribe(channel) {
      const at = wishes.get(channel)?.at;
      wishes.delete(channel);
      if (at) await leave(channel, at);
    },

    async [Symbol.asyncDispose]() {
      stopFollowing();
      wishes.clear();
      clearTimeout(retry);
      await following;
      await Promise.all([...subscribers.keys()].map(close));
    },
  };
}
