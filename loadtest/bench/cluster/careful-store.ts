import type { Redis } from 'ioredis';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { valuesTable } from '../../../src/adapters/mysql/mysql-rows.ts';
import { directConversationId } from '../../../src/protocol/ids.ts';
import {
  type BarePush,
  type BareStore,
  type Chat,
  frameOf,
  namesOf,
  type PlacedChat,
  place,
  rowOf,
} from './bare-chat.ts';
import { insertInto } from './plain-insert.ts';

/** Of an inbox, as seqline's are by default. */
const LENGTH = 1000;
const TTL_MS = 7 * 24 * 3600_000;
/** Users in one call of the script. */
const CALL_USERS = 8;

type Names = ReturnType<typeof namesOf>;
type OfUser = [user: string, chats: PlacedChat[]];

/**
 * What it takes to keep the promises of direct messages, in as few round trips as there can be: what is stored already
 * is looked for while the conversations are locked (one), numbers are claimed beside the insert and the moves of the
 * cursors (two), which are durable (three) before they are in the inboxes, whose users' routes come back along (four),
 * and are published (five). It gives up where it finds that something is not as it was: this is a yardstick.
 */
export function createCarefulStore(pool: Pool, redis: Redis, name: string): BareStore {
  const names = namesOf(name);
  const begun = new Set<string>();
  return async (chats) => {
    const fresh = place(chats, new Map()).filter(({ conversation }) => !begun.has(conversation));
    if (fresh.length > 0) await begin(pool, names, fresh);
    for (const { conversation } of fresh) begun.add(conversation);

    const connection = await pool.getConnection();
    const before = await lock(connection, names, chats);
    const heads = new Map(before);
    const placed = place(chats, heads);
    await Promise.all([claim(redis, names, before, heads), write(connection, names, placed)]);
    await connection.query('COMMIT');
    connection.release();

    const ofUsers = [...byUser(placed)];
    const { numbers, routes } = await deliver(redis, names, ofUsers);
    const pushes = ofUsers.flatMap(([user, theirs], i): BarePush[] => {
      if (!Object.values(routes[i]!).some((route) => JSON.parse(route).gateway_id === name)) return [];
      return theirs.map((chat, j) => {
        const frame = `${frameOf(chat).slice(0, -1)},"inbox_seq":${numbers[i]![j]}}`;
        return { users: [user], frame };
      });
    });
    await redis.publish(names.channel, JSON.stringify(pushes));
  };
}

/** Once for each conversation. */
async function begin(pool: Pool, names: Names, fresh: PlacedChat[]): Promise<void> {
  const conversations = fresh.map(({ conversation, time }) => [conversation, 'direct', 0, 0, time]);
  await pool.query(
    `INSERT IGNORE INTO ${names.conversations} (conversation_id, type, last_seq, last_time, created_at) VALUES ?`,
    [conversations],
  );
  const members = fresh.flatMap(({ conversation, sender, receiver }) =>
    [sender, receiver].map((user) => [user, conversation, 0, 0, 0, 0]),
  );
  await pool.query(
    `INSERT IGNORE INTO ${names.members} (user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq) VALUES ?`,
    [members],
  );
}

/** Begins a transaction, and gives the heads. */
async function lock(connection: PoolConnection, names: Names, chats: Chat[]): Promise<Map<string, number>> {
  const ids = new Set(chats.map(({ sender, receiver }) => directConversationId(sender, receiver)));
  const keys = chats.map(({ sender, msg_id }) => [sender, msg_id]);
  const [[, heads, again]] = (await connection.query(
    `START TRANSACTION;
     SELECT conversation_id, last_seq FROM ${names.conversations} FORCE INDEX (PRIMARY)
       WHERE conversation_id IN (?) ORDER BY conversation_id FOR UPDATE;
     SELECT seq FROM ${names.messages} FORCE INDEX (sender_message) WHERE (sender_id, msg_id) IN (?)`,
    [[...ids], keys],
  )) as unknown as [[unknown, { conversation_id: string; last_seq: number }[], unknown[]]];
  if (again.length > 0) throw new Error('a message was stored already');
  return new Map(heads.map(({ conversation_id, last_seq }) => [conversation_id, last_seq]));
}

async function write(connection: PoolConnection, names: Names, placed: PlacedChat[]): Promise<void> {
  const newest = [...new Map(placed.map((chat) => [chat.conversation, chat])).values()];
  await connection.query(
    `${insertInto(names.messages)};
     UPDATE ${valuesTable('v', 'user_id, conversation_id, own_seq, last_time', newest.length)}
       STRAIGHT_JOIN ${names.conversations} AS c ON c.conversation_id = v.conversation_id
       STRAIGHT_JOIN ${names.members} AS m ON m.user_id = v.user_id AND m.conversation_id = v.conversation_id
       SET c.last_seq = v.own_seq, c.last_time = v.last_time, m.own_seq = v.own_seq`,
    [
      placed.map(rowOf),
      ...newest.map(({ sender, conversation, seq, time }) => [sender, conversation, seq, time]),
    ],
  );
}

async function claim(
  redis: Redis,
  names: Names,
  before: Map<string, number>,
  heads: Map<string, number>,
): Promise<void> {
  const pipeline = redis.pipeline();
  for (const [id, head] of heads) pipeline.incrby(names.counter(id), head - before.get(id)!);
  const taken = await repliesOf(pipeline);
  const wanted = [...heads.values()];
  if (taken.some((last, i) => last !== wanted[i])) throw new Error('a counter is wrong');
}

/** The numbers in the inboxes, for each user those of the messages in turn, and each user's routes. */
async function deliver(redis: Redis, names: Names, ofUsers: OfUser[]) {
  const pipeline = redis.pipeline();
  let calls = 0;
  for (; calls * CALL_USERS < ofUsers.length; calls++) {
    const users = ofUsers.slice(calls * CALL_USERS, (calls + 1) * CALL_USERS);
    const keys = users.flatMap(([user]) => names.inbox(user));
    const kept = ['life.epoch', 4 * TTL_MS, LENGTH, TTL_MS];
    pipeline.inboxAppend(keys.length, ...keys, ...kept, ...messageArguments(users));
  }
  for (const [user] of ofUsers) pipeline.hgetall(names.routes(user));
  const replies = await repliesOf(pipeline);
  return {
    numbers: (replies.slice(0, calls) as number[][][]).flat(),
    routes: replies.slice(calls) as Record<string, string>[],
  };
}

function byUser(placed: PlacedChat[]): Map<string, PlacedChat[]> {
  const result = new Map<string, PlacedChat[]>();
  for (const chat of placed) {
    for (const user of [chat.sender, chat.receiver]) {
      const theirs = result.get(user);
      if (theirs) theirs.push(chat);
      else result.set(user, [chat]);
    }
  }
  return result;
}

/** See `inbox-append.lua`. */
function messageArguments(users: OfUser[]): (string | number)[] {
  const places = new Map<PlacedChat, number>();
  for (const [, theirs] of users) {
    for (const chat of theirs) if (!places.has(chat)) places.set(chat, places.size + 1);
  }
  const written = [...places.keys()].flatMap((chat) => [
    chat.conversation,
    String(chat.seq),
    JSON.stringify(keptOf(chat)),
  ]);
  const which = users.flatMap(([, theirs]) => [theirs.length, ...theirs.map((chat) => places.get(chat)!)]);
  return [places.size, ...written, ...which];
}

function keptOf({ conversation, seq, msg_id, sender, content, time }: PlacedChat) {
  return {
    conversation_id: conversation,
    seq,
    msg_id,
    sender_id: sender,
    msg_type: 1,
    content,
    send_time: time,
    client_time: null,
    recalled_at: null,
    content_digest: null,
  };
}

async function repliesOf(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const results = (await pipeline.exec()) ?? [];
  return results.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
