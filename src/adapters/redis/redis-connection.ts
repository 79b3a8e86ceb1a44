import { Redis, type RedisOptions } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';
import { letGoOfCommands } from './redis-command.ts';
import { withoutCommand } from './redis-errors.ts';

letGoOfCommands();

/** A command that is not answered within this is given up; the server may still carry it out. */
const COMMAND_TIMEOUT_MS = 2000;
/** A connection on which commands wait and nothing arrives is replaced by another one. */
const SILENCE_MS_MAX = 3000;
const CONNECT_TIMEOUT_MS = 2000;
/** A connection that was closed and whose other end says nothing is dropped after this. */
const CLOSE_TIMEOUT_MS = 500;
const LOADING_POLL_MS = 1000;
/** How long a starting process waits for its first connection. */
const READY_MS_MAX = 5000;
const RECONNECT_MS = { first: 100, max: 2000, jitter: 100 };

/**
 * A command is sent once, and fails at once where there is no connection: no queue hides an outage, nothing is
 * repeated behind the caller's back, and nothing hangs where the server is paused. Connections come back by themselves.
 * Subscriptions are renewed by `redis-subscriber.ts`: the library does that without looking at the outcome.
 */
const OPTIONS: RedisOptions = {
  connectionName: 'seqline',
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  commandTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SILENCE_MS_MAX,
  connectTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: CLOSE_TIMEOUT_MS,
  maxLoadingRetryTime: LOADING_POLL_MS,
  retryStrategy: (attempt) => {
    const pauseMs = Math.min(RECONNECT_MS.first * 2 ** (attempt - 1), RECONNECT_MS.max);
    return pauseMs + Math.floor(Math.random() * RECONNECT_MS.jitter);
  },
  // After a failover the connection may be to a server that is a replica now: the name leads to the new primary.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

export interface RedisConnectionOptions {
  /** redis:// or rediss://, with user, password and database number as usual. */
  url: string;
  /** Told what is wrong with the connection, at each attempt. */
  onError: (error: unknown) => void;
}

/** A connection for commands; it is opened in the background. See `untilReady` and `closeRedis`. */
export function createRedis({ url, onError }: RedisConnectionOptions): Redis {
  return reporting(new Redis(url, OPTIONS), onError);
}

/** Another connection to the same server, for subscriptions; not opened yet. */
export function duplicateRedis(redis: Redis, onError: (error: unknown) => void): Redis {
  return reporting(redis.duplicate({ lazyConnect: true }), onError);
}

function reporting(redis: Redis, onError: (error: unknown) => void): Redis {
  // A failed login is reported with its command, and with that the password.
  return redis.on('error', (error) => onError(withoutCommand(error)));
}

/** Resolves when commands can be sent. */
export async function untilReady(redis: Redis, withinMs = READY_MS_MAX): Promise<void> {
  if (redis.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    reject(new StoreUnavailable('redis', `no connection within ${withinMs} ms`));
  }, withinMs);
  redis.once('ready', resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    redis.off('ready', resolve);
  }
}

/** Closes the connection, once what was sent has been answered. */
export async function closeRedis(redis: Redis): Promise<void> {
  try {
    await redis.quit();
  } catch {
    redis.disconnect();
  }
}
