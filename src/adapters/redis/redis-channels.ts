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
  return shards.sharded ? new MovingChannels(shards, open, onInterrupted) : await open(shards.all()[0]!);
}

/** A subscriber for each server at which a channel is heard; channels move with the slots of their names. */
class MovingChannels implements Subscriber {
  private readonly shards: Shards;
  private readonly open: (redis: Redis) => Promise<Subscriber>;
  private readonly onInterrupted: () => void;
  private readonly wishes = new Map<string, Wish>();
  private readonly subscribers = new Map<Redis, Promise<Subscriber>>();
  private readonly stopFollowing: () => void;
  private retry: NodeJS.Timeout | undefined;
  private following = Promise.resolve();

  constructor(shards: Shards, open: (redis: Redis) => Promise<Subscriber>, onInterrupted: () => void) {
    this.shards = shards;
    this.open = open;
    this.onInterrupted = onInterrupted;
    this.stopFollowing = shards.onMoved(() => this.follow());
  }

  async subscribe(channel: string, receive: Wish['receive']): Promise<void> {
    const wish: Wish = { receive };
    this.wishes.set(channel, wish);
    try {
      await this.place(channel, wish);
    } catch (error) {
      this.retryLater();
      throw error;
    }
  }

  async unsubscribe(channel: string): Promise<void> {
    const at = this.wishes.get(channel)?.at;
    this.wishes.delete(channel);
    if (at) await this.leave(channel, at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopFollowing();
    this.wishes.clear();
    clearTimeout(this.retry);
    await this.following;
    await Promise.all([...this.subscribers.keys()].map((redis) => this.close(redis)));
  }

  private follow(): void {
    clearTimeout(this.retry);
    this.following = this.following.then(() => this.placeAll());
  }

  private async placeAll(): Promise<void> {
    await Promise.allSettled([...this.wishes].map(([channel, wish]) => this.place(channel, wish)));
    const present = new Set(this.shards.all());
    for (const redis of this.subscribers.keys()) if (!present.has(redis)) void this.close(redis);
    this.onInterrupted();
    this.retryLater();
  }

  /** What is with a server's subscriber stays subscribed to there; what is with none is for us to try again. */
  private retryLater(): void {
    if (![...this.wishes.values()].some(({ at }) => at === undefined)) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.follow(), RETRY_MS);
  }

  private async place(channel: string, wish: Wish): Promise<void> {
    const redis = this.shards.of(channel);
    if (wish.at === redis) return;
    const subscriber = await this.subscriberAt(redis);
    if (this.wishes.get(channel) !== wish) return;
    if (this.shards.of(channel) !== redis) return await this.place(channel, wish);
    const before = wish.at;
    wish.at = redis;
    if (before) await this.leave(channel, before);
    await subscriber.subscribe(channel, wish.receive);
  }

  private subscriberAt(redis: Redis): Promise<Subscriber> {
    const known = this.subscribers.get(redis);
    if (known) return known;
    const opened = this.open(redis);
    this.subscribers.set(redis, opened);
    opened.catch(() => this.subscribers.delete(redis));
    return opened;
  }

  private async leave(channel: string, redis: Redis): Promise<void> {
    const subscriber = await this.subscribers.get(redis)?.catch(() => undefined);
    await subscriber?.unsubscribe(channel);
  }

  private async close(redis: Redis): Promise<void> {
    const subscriber = this.subscribers.get(redis);
    this.subscribers.delete(redis);
    await subscriber?.then(
      (opened) => opened[Symbol.asyncDispose](),
      () => {},
    );
  }
}
