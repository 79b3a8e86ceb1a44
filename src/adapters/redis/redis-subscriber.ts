import type { Redis } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';
import { closeRedis, duplicateRedis } from './redis-connection.ts';
import { reach } from './redis-errors.ts';

/** How often a silent connection is asked whether it lives; it is replaced when the answer is missing. */
const PING_MS = 5000;
/** Channels of one command, so that renewing many of them holds up nobody. */
const CHANNELS_PER_COMMAND = 500;

export interface SubscriberOptions {
  /** A connection of its own is opened to the same server. */
  redis: Redis;
  /** Channels are those of Redis Cluster, which are heard at one server alone. */
  sharded: boolean;
  /** Anything may have been lost since the last message; from now on messages come again. */
  onInterrupted: () => void;
  onError: (error: unknown) => void;
}

/** Channels that stay subscribed to, whatever happens to the connection, until they are given up. */
export interface Subscriber extends AsyncDisposable {
  /**
   * Resolves when what is published from then on will come. Where it rejects, the wish stands nevertheless: the channel
   * is among those that the next connection subscribes to, before `onInterrupted` tells of it.
   */
  subscribe(channel: string, receive: (message: string) => void): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
}

export async function openSubscriber(options: SubscriberOptions): Promise<Subscriber> {
  const { redis, sharded, onInterrupted, onError } = options;
  const receivers = new Map<string, (message: string) => void>();
  // In Redis Cluster channels of one command must be of one slot.
  const perCommand = sharded ? 1 : CHANNELS_PER_COMMAND;
  const connection = duplicateRedis(redis, onError);
  try {
    await connection.connect();
  } catch (error) {
    connection.disconnect();
    throw new StoreUnavailable('redis', 'no connection for subscriptions', { cause: error });
  }
  connection.on(sharded ? 'smessage' : 'message', (channel: string, message: string) =>
    receivers.get(channel)?.(message),
  );
  connection.on('ready', () => void renew());
  // The answer does not matter: a connection on which nothing arrives is replaced.
  const pings = setInterval(() => connection.ping().catch(() => {}), PING_MS);

  async function renew(): Promise<void> {
    try {
      await subscribeTo([...receivers.keys()]);
      onInterrupted();
    } catch (error) {
      onError(error);
    }
  }

  /** Where some cannot be subscribed to, the connection is replaced, and all are subscribed to anew. */
  async function subscribeTo(channels: string[]): Promise<void> {
    try {
      const commands: Promise<unknown>[] = [];
      for (let i = 0; i < channels.length; i += perCommand) {
        const some = channels.slice(i, i + perCommand);
        commands.push(sharded ? connection.ssubscribe(...some) : connection.subscribe(...some));
      }
      await reach(() => Promise.all(commands));
    } catch (error) {
      if (connection.status === 'ready') connection.disconnect(true);
      throw error;
    }
  }

  return {
    async subscribe(channel, receive) {
      receivers.set(channel, receive);
      await subscribeTo([channel]);
    },

    async unsubscribe(channel) {
      receivers.delete(channel);
      // If this fails the connection is lost, and the next one does not know the channel.
      await (sharded ? connection.sunsubscribe(channel) : connection.unsubscribe(channel)).catch(() => {});
    },

    async [Symbol.asyncDispose]() {
      clearInterval(pings);
      receivers.clear();
      await closeRedis(connection);
    },
  };
}
