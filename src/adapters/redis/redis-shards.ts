import type { Redis } from 'ioredis';
import { closeRedis, createRedis, type RedisConnectionOptions, untilReady } from './redis-connection.ts';
import { inOneWrite } from './redis-errors.ts';

/** The servers that hold the keys: a single one, or the primaries of a Redis Cluster. They are connected to in the background. */
export interface Shards extends AsyncDisposable {
  /**
   * The one that holds a key, or where a channel is heard. Where the key has moved since, commands fail as where the
   * server is away. Throws `StoreUnavailable` where nobody is known to hold it.
   */
  of(name: string): Redis;
  /** At least one. Throws `StoreUnavailable` where none is known. */
  all(): Redis[];
  /** Whether a channel is heard at one server alone (SPUBLISH), and not at every one. */
  readonly sharded: boolean;
  /** Calls it after keys and channels have moved to other servers; gives what ends that. */
  onMoved(listener: () => void): () => void;
  /** Resolves when commands can be sent to all of them; throws `StoreUnavailable` where that takes too long. */
  ready(): Promise<void>;
}

export function createSingleRedis(options: RedisConnectionOptions): Shards {
  const redis = createRedis(options);
  return {
    of: () => redis,
    all: () => [redis],
    sharded: false,
    onMoved: () => () => {},
    ready: () => untilReady(redis),
    [Symbol.asyncDispose]: () => closeRedis(redis),
  };
}

/** Indexes of the names, by the server of each. */
export function byServer(shards: Shards, names: string[]): Map<Redis, number[]> {
  return Map.groupBy(names.keys(), (index) => shards.of(names[index]!));
}

/** One command for each key, those of a server in one write; gives the replies in the order of the keys. */
export async function executeEach<T>(
  shards: Shards,
  keys: string[],
  send: (redis: Redis, key: string, index: number) => Promise<T>,
): Promise<T[]> {
  const replies = new Array<T>(keys.length);
  await Promise.all(
    [...byServer(shards, keys)].map(async ([redis, which]) => {
      const ofServer = await inOneWrite(redis, () => which.map((index) => send(redis, keys[index]!, index)));
      which.forEach((index, i) => {
        replies[index] = ofServer[i]!;
      });
    }),
  );
  return replies;
}
