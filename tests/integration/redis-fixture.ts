import type { Redis } from 'ioredis';
import { closeRedis, createRedis, untilReady } from '../../src/adapters/redis/redis-connection.ts';
import { newScope, removeKeys, type Scope } from './redis-scope.ts';

export const SKIP = 'set REDIS_URL to a Redis server, as redis://127.0.0.1:6379';

export interface Connection extends AsyncDisposable {
  redis: Redis;
  /** What went wrong with the connection. */
  errors: unknown[];
}

/** A connection that may not be ready yet, or ever. */
export function create(url: string): Connection {
  const errors: unknown[] = [];
  const redis = createRedis({ url, onError: (error) => errors.push(error) });
  return { redis, errors, [Symbol.asyncDispose]: () => closeRedis(redis) };
}

export async function connect(url: string): Promise<Connection> {
  const connection = create(url);
  await untilReady(connection.redis);
  return connection;
}

/** A connection, and names of its own; what is kept under them goes with it. */
export async function connectScoped(url: string): Promise<Connection & { scope: Scope }> {
  const scope = newScope();
  const connection = await connect(url);
  return {
    ...connection,
    scope,
    async [Symbol.asyncDispose]() {
      await removeKeys(connection.redis, scope);
      await connection[Symbol.asyncDispose]();
    },
  };
}
