import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Inbox, InboxRead } from '../../ports/inbox.ts';
import type { StoredMessage } from '../../ports/messages.ts';
import type { Route } from '../../ports/registry.ts';
import { chunksOf } from '../chunks.ts';
import { inOneWrite, reach } from './redis-errors.ts';
import { appendKeysOf, inboxKeysOf, REDIS_KEYS } from './redis-keys.ts';
import { watchLives } from './redis-life.ts';
import { liveRoutes } from './redis-registry.ts';
import { inboxAppend, inboxRead } from './redis-scripts.ts';
import { byServer, type Shards } from './redis-shards.ts';
import { millisecondsOf } from './redis-time.ts';

export interface RedisInboxOptions {
  shards: Shards;
  /** Messages that are kept of each user; older ones are trimmed. */
  length: number;
  /** Messages are kept this long after the last one, to a hundredth. */
  ttlMs: number;
}

/** The epoch outlives the messages by far, so that who comes back late need not begin anew where nothing was missed. */
const META_TTLS = 4;

/** Users in one call of the script: more of them gain little, and Redis does nothing else meanwhile. */
const CALL_USERS_MAX = 8;

/** Enough of a life's name to tell it from others. */
const LIFE_CHARS = 12;

/** Inboxes in Redis; see `lua/inbox-append.lua` and `lua/inbox-read.lua`. */
export function createRedisInbox({ shards, length, ttlMs }: RedisInboxOptions): Inbox {
  const metaTtlMs = META_TTLS * ttlMs;
  const presentLife = watchLives();

  async function read(userId: string, epoch: string, afterSeq: number, limit: number): Promise<InboxRead> {
    const redis = shards.of(REDIS_KEYS.inbox(userId));
    const life = await presentLife(redis);
    const [headEpoch, seq, resync, members] = await reach(() =>
      inboxRead.run(redis, inboxKeysOf(userId), [newEpoch(life), metaTtlMs, epoch, afterSeq, limit]),
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
      const ofUsers = [...Map.groupBy(entries.keys(), (index) => entries[index]!.userId)];
      const seqs = new Array<number>(entries.length);
      const routes = new Map<string, Route[]>();
      const inboxes = ofUsers.map(([userId]) => REDIS_KEYS.inbox(userId));
      // The keys of different users are in different slots.
      const usersMax = shards.sharded ? 1 : CALL_USERS_MAX;
      await Promise.all(
        [...byServer(shards, inboxes)].map(async ([redis, which]) => {
          // An epoch is a user's own, so those that begin here may share its name.
          const epoch = newEpoch(await presentLife(redis));
          const ofServer = which.map((nth) => ofUsers[nth]!);
          const wanted = ofServer.map(([userId, indexes]): UserMessages => {
            return { userId, messages: indexes.map((index) => entries[index]!.message) };
          });
          const placed = await appendInboxes(redis, wanted, { epoch, metaTtlMs, length, ttlMs }, usersMax);
          ofServer.forEach(([userId, indexes], i) => {
            const { numbers, routes: found } = placed[i]!;
            indexes.forEach((index, j) => {
              seqs[index] = numbers[j]!;
            });
            routes.set(userId, found);
          });
        }),
      );
      return { seqs, routes };
    },
  };
}

export interface UserMessages {
  userId: string;
  messages: StoredMessage[];
}

interface Placed {
  /** In the inbox, of each message. */
  numbers: number[];
  /** Where the user was when they were there. */
  routes: Route[];
}

/** To inboxes on one server. */
export async function appendInboxes(
  redis: Redis,
  ofUsers: UserMessages[],
  { epoch, metaTtlMs, length, ttlMs }: { epoch: string; metaTtlMs: number; length: number; ttlMs: number },
  usersMax = CALL_USERS_MAX,
): Promise<Placed[]> {
  const replies = await inOneWrite(redis, () =>
    [...chunksOf(ofUsers, usersMax)].map((users) => {
      const keys = users.flatMap(({ userId }) => appendKeysOf(userId));
      const messages = messageArguments(users.map(({ messages }) => messages));
      return inboxAppend.run(redis, keys, [epoch, metaTtlMs, length, ttlMs, ...messages]);
    }),
  );
  let nth = 0;
  return replies.flatMap(([time, placed]) => {
    const now = millisecondsOf(time);
    return placed.map(([numbers, held]) => {
      return {
        numbers,
        routes: liveRoutes(ofUsers[nth++]!.userId, [...chunksOf(held, 2)] as [string, string][], now),
      };
    });
  });
}

/** Each message once, and for each user which of them: a direct message is in two inboxes. */
function messageArguments(ofUsers: StoredMessage[][]): (string | number)[] {
  const places = new Map<StoredMessage, number>();
  const written: string[] = [];
  const which = ofUsers.flatMap((messages) => [
    messages.length,
    ...messages.map((message) => {
      const known = places.get(message);
      if (known !== undefined) return known;
      written.push(...write(message));
      places.set(message, places.size + 1);
      return places.size;
    }),
  ]);
  return [places.size, ...written, ...which];
}

/** The script finds a message by how its JSON begins. (Naming the fields is half the work of spreading them.) */
function write(message: StoredMessage): [conversationId: string, seq: string, json: string] {
  const { conversation_id, seq } = message;
  const ordered = {
    conversation_id,
    seq,
    msg_id: message.msg_id,
    sender_id: message.sender_id,
    msg_type: message.msg_type,
    content: message.content,
    send_time: message.send_time,
    client_time: message.client_time,
    recalled_at: message.recalled_at,
    content_digest: message.content_digest,
  } satisfies StoredMessage;
  return [conversation_id, String(seq), JSON.stringify(ordered)];
}

/** Before the dot, the life of the server in which the epoch begins: the scripts let no other one go on with it. */
function newEpoch(life: string): string {
  return `${life.slice(0, LIFE_CHARS)}.${randomBytes(9).toString('base64url')}`;
}
