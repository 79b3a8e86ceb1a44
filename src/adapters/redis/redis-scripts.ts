import { readFileSync } from 'node:fs';
import type { Result } from 'ioredis';

/** The scripts' own files say what goes in and out; every connection knows them by these names. */
export const REDIS_SCRIPTS = {
  /** Takes as many keys as it is told. */
  inboxAppend: { lua: read('./lua/inbox-append.lua') },
  /** Takes as many keys as it is told. */
  seqTake: { lua: read('./lua/seq-take.lua') },
  inboxRead: { lua: read('./lua/inbox-read.lua'), numberOfKeys: 3 },
  registryHold: { lua: read('./lua/registry-hold.lua'), numberOfKeys: 2 },
  registryRelease: { lua: read('./lua/registry-release.lua'), numberOfKeys: 2 },
};

function read(file: string): string {
  return readFileSync(new URL(file, import.meta.url), 'utf8');
}

type InboxKeys = [inbox: string, meta: string, newest: string];
type RegistryKeys = [conn: string, seen: string];

export type AppendReply = [
  time: [seconds: string, microseconds: string],
  ofUsers: [numbers: number[], held: string[]][],
];
export type InboxReadReply = [epoch: string, seq: number, resync: 0 | 1, members: string[]];
export type HoldReply = [
  outcome: 'registered' | 'superseded' | 'full',
  came: 0 | 1,
  replacedGatewayId: string,
  replacedSessionId: string,
];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    inboxAppend(
      ...args: [numberOfKeys: number, ...keysAndArguments: (string | number)[]]
    ): Result<AppendReply, Context>;

    seqTake(
      ...args: [numberOfKeys: number, ...keysAndCounts: (string | number)[]]
    ): Result<number[], Context>;

    inboxRead(
      ...args: [
        ...InboxKeys,
        newEpoch: string,
        metaTtlMs: number,
        epoch: string,
        afterSeq: number,
        limit: number,
      ]
    ): Result<InboxReadReply, Context>;

    registryHold(
      ...args: [
        ...RegistryKeys,
        deviceId: string,
        gatewayId: string,
        sessionId: string,
        ttlMs: number,
        seenTtlMs: number,
        devicesMax: number,
      ]
    ): Result<HoldReply, Context>;

    registryRelease(
      ...args: [...RegistryKeys, deviceId: string, sessionId: string, seenTtlMs: number]
    ): Result<0 | 1, Context>;
  }
}
