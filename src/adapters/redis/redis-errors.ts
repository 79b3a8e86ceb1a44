import { type Redis, ReplyError } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';

/**
 * With these the server refuses whatever it is asked at this time, or to this user: it is loading, a replica, full,
 * busy, cut off from its disk or its cluster, no longer the one that holds the key, or its passwords and permissions
 * changed. Trying again helps once that is over.
 */
const UNAVAILABLE_CODES = new Set([
  'LOADING',
  'READONLY',
  'MASTERDOWN',
  'NOREPLICAS',
  'CLUSTERDOWN',
  'TRYAGAIN',
  'MOVED',
  'ASK',
  'MISCONF',
  'OOM',
  'BUSY',
  'NOAUTH',
  'WRONGPASS',
  'NOPERM',
]);

/** Runs a command; an error that may pass becomes `StoreUnavailable`. */
export async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translated(error);
  }
}

/**
 * Sends commands in one write, and gives their replies when all have come. Where one failed, others may have been carried
 * out. (A pipeline of the library does that too, but each one defines a property of its own, and so a hidden class that
 * holds all of its commands until the whole heap is collected.)
 */
export async function inOneWrite<const T extends readonly Promise<unknown>[]>(
  redis: Redis,
  send: () => T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const { stream } = redis as { stream?: Redis['stream'] };
  stream?.cork();
  let sent: T;
  try {
    sent = send();
  } finally {
    stream?.uncork();
  }
  const outcomes = await Promise.allSettled(sent);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw translated(outcome.reason);
    return outcome.value;
  }) as { -readonly [K in keyof T]: Awaited<T[K]> };
}

/** The driver's errors are answers of the server, or they say that there was none. */
function translated(error: unknown): Error {
  if (error instanceof StoreUnavailable) return error;
  const bare = withoutCommand(error);
  if (isAnswer(bare) && !UNAVAILABLE_CODES.has(codeOf(bare))) return bare;
  const message = NOT_CONNECTED.test(bare.message) ? 'no connection' : bare.message;
  return new StoreUnavailable('redis', message, { cause: bare });
}

/** How the driver says that it has no connection and keeps no queue. */
const NOT_CONNECTED = /enableOfflineQueue/;

/** Whether the server itself said no. */
export function isAnswer(error: unknown): boolean {
  return error instanceof ReplyError;
}

/** The driver's errors hold the command too: what people wrote, or a password. Logs show neither. */
export function withoutCommand(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if ('command' in error) delete error.command;
  return error;
}

function codeOf({ message }: Error): string {
  return message.split(' ', 1)[0]!;
}
