import type { Redis } from 'ioredis';
import { createSingleRedis, type Shards } from '../../src/adapters/redis/redis-shards.ts';
import { newScope, removeKeys, type Scope } from './redis-scope.ts';

export const SKIP = 'set REDIS_URL to a Redis server, as redis://127.0.0.1:6379';

export interface Connection extends AsyncDisposable {
  /** As adapters take it. */
  shards: Shards;
  /** The server itself. */
  redis: Redis;
  /** What went wrong with the connection. */
  errors: unknown[];
}

/** A connection that may not be ready yet, or ever. */
export function create(url: string): Connection {
  const errors: unknown[] = [];
  const shards = createSingleRedis({ url, onError: (error) => errors.push(error) });
  return {
    shards,
    redis: shards.all()[0]!,
    errors,
    [Symbol.asyncDispose]: () => shards[Symbol.asyncDispose](),
  };
}

export async function connect(url: string): Promise<Connection> {
  const connection = create(url);
  await connection.shards.ready();
  return connection;
}

export type ScopedConnection = Pick<Connection, 'shards' | 'errors' | typeof Symbol.asyncDispose> & {
  scope: Scope;
};

/** A connection, and names of its own; what is kept under them goes with it. */
export async function connectScoped(url: string): Promise<Connection & { scope: Scope }> {
  return scoped(await connect(url));
}

export function scoped<C extends Pick<Connection, 'shards' | typeof Symbol.asyncDispose>>(
  connection: C,
): C & { scope: Scope } {
  const scope = newScope();
  return {
    ...connection,
    scope,
    async [Symbol.asyncDispose]() {
      await removeKeys(connection.shards, scope);
      await connection[Symbol.asyncDispose]();
    },
  };
}
