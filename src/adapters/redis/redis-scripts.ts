import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { isAnswer } from './redis-errors.ts';

/** A script, as a call: its own file says what goes in and out. */
interface Script<Keys extends readonly string[], Args extends readonly Argument[], Reply> {
  lua: string;
  run(redis: Redis, keys: Keys, args: Args): Promise<Reply>;
}

type Argument = string | number;

type InboxKeys = readonly [inbox: string, meta: string, newest: string];
type RegistryKeys = readonly [conn: string, seen: string];

type AppendReply = [
  time: [seconds: string, microseconds: string],
  ofUsers: [numbers: number[], held: string[]][],
];
type InboxReadReply = [epoch: string, seq: number, resync: 0 | 1, members: string[]];
export type HoldReply = [
  outcome: 'registered' | 'superseded' | 'full',
  came: 0 | 1,
  replacedGatewayId: string,
  replacedSessionId: string,
];

/** Takes as many keys as it is given. */
export const inboxAppend = script<string[], Argument[], AppendReply>('inbox-append');

export const inboxRead = script<
  InboxKeys,
  [newEpoch: string, metaTtlMs: number, epoch: string, afterSeq: number, limit: number],
  InboxReadReply
>('inbox-read');

export const registryHold = script<
  RegistryKeys,
  [
    deviceId: string,
    gatewayId: string,
    sessionId: string,
    ttlMs: number,
    seenTtlMs: number,
    devicesMax: number,
  ],
  HoldReply
>('registry-hold');

export const registryRelease = script<
  RegistryKeys,
  [deviceId: string, sessionId: string, seenTtlMs: number],
  0 | 1
>('registry-release');

/** Takes as many keys as it is given, and for each how many numbers are wanted. */
export const seqTake = script<string[], number[], number[]>('seq-take');

/**
 * Sent by its digest, and by its text where the server does not know it. (The library's own scripts set a property of each
 * command to a function, with what follows from that: see `redis-command.ts`.)
 */
function script<Keys extends readonly string[], Args extends readonly Argument[], Reply>(
  name: string,
): Script<Keys, Args, Reply> {
  const lua = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
  const digest = createHash('sha1').update(lua).digest('hex');
  return {
    lua,
    async run(redis, keys, args) {
      try {
        return (await redis.evalsha(digest, keys.length, ...keys, ...args)) as Reply;
      } catch (error) {
        if (!(isAnswer(error) && (error as Error).message.startsWith('NOSCRIPT'))) throw error;
        return (await redis.eval(lua, keys.length, ...keys, ...args)) as Reply;
      }
    },
  };
}
