import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Inbox, InboxRead } from '../../ports/inbox.ts';
import type { StoredMessage } from '../../ports/messages.ts';
import { execute, reach } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import { watchLife } from './redis-life.ts';

export interface RedisInboxOptions {
  redis: Redis;
  /** Messages that are kept of each user; older ones are trimmed. */
  length: number;
  /** Messages are kept this long after the last one. */
  ttlMs: number;
}

/** The epoch outlives the messages by far, so that who comes back late need not begin anew where nothing was missed. */
const META_TTLS = 4;

/** Enough of a life's name to tell it from others. */
const LIFE_CHARS = 12;

/** Inboxes in Redis; see `lua/inbox-append.lua` and `lua/inbox-read.lua`. */
export function createRedisInbox({ redis, length, ttlMs }: RedisInboxOptions): Inbox {
  const metaTtlMs = META_TTLS * ttlMs;
  const presentLife = watchLife(redis);

  async function read(userId: string, epoch: string, afterSeq: number, limit: number): Promise<InboxRead> {
    const life = await presentLife();
    const [headEpoch, seq, resync, members] = await reach(() =>
      redis.inboxRead(...keysOf(userId), newEpoch(life), metaTtlMs, epoch, afterSeq, limit),
    );
    return {
      head: { epoch: headEpoch, seq },
      entries: members.map((member, i) => ({ inbox_seq: afterSeq + 1 + i, message: JSON.parse(member) })),
      hasMore: resync === 0 && afterSeq + members.length < seq,
      resync: resync === 1,
    };
  }

  return {
    read,

    async head(userId) {
      return (await read(userId, '', 0, 0)).head;
    },

    async append(entries) {
      const life = await presentLife();
      const byUser = Map.groupBy(entries.keys(), (index) => entries[index]!.userId);
      const pipeline = redis.pipeline();
      // An epoch is a user's own, so those that begin here may share its name; a message is in two inboxes.
      const epoch = newEpoch(life);
      const written = writtenOnce(entries.map(({ message }) => message));
      for (const [userId, indexes] of byUser) {
        const messages = indexes.flatMap((index) => written.get(entries[index]!.message)!);
        pipeline.inboxAppend(...keysOf(userId), epoch, metaTtlMs, length, ttlMs, ...messages);
      }
      const replies = (await execute(pipeline)) as number[][];
      const numbers = new Array<number>(entries.length);
      for (const [nth, indexes] of [...byUser.values()].entries()) {
        indexes.forEach((index, i) => {
          numbers[index] = replies[nth]![i]!;
        });
      }
      return numbers;
    },
  };
}

function keysOf(userId: string): [string, string, string] {
  return [REDIS_KEYS.inbox(userId), REDIS_KEYS.inboxMeta(userId), REDIS_KEYS.inboxPlaces(userId)];
}

function writtenOnce(messages: StoredMessage[]): Map<StoredMessage, [string, string]> {
  const written = new Map<StoredMessage, [string, string]>();
  for (const message of messages) {
    if (!written.has(message)) written.set(message, placeAndMember(message));
  }
  return written;
}

function placeAndMember(message: StoredMessage): [string, string] {
  return [`${message.conversation_id} ${message.seq}`, JSON.stringify(message)];
}

/** Before the dot, the life of the server in which the epoch begins: the scripts let no other one go on with it. */
function newEpoch(life: string): string {
  return `${life.slice(0, LIFE_CHARS)}.${randomBytes(9).toString('base64url')}`;
}
