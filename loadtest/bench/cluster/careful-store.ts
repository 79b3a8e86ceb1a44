import type { Redis } from 'ioredis';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { valuesTable } from '../../../src/adapters/mysql/mysql-rows.ts';
import { inOneWrite } from '../../../src/adapters/redis/redis-errors.ts';
import { appendInboxes, type UserMessages } from '../../../src/adapters/redis/redis-inbox.ts';
import {
  type BareNames,
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
const TTL_MS = 7 * 24 * 3600_000;
const INBOX = { epoch: 'life.epoch', metaTtlMs: 4 * TTL_MS, length: 1000, ttlMs: TTL_MS };

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
    const fresh = chats.filter(({ conversation }) => !begun.has(conversation));
    if (fresh.length > 0) await begin(pool, names, fresh);
    for (const { conversation } of fresh) begun.add(conversation);

    const connection = await pool.getConnection();
    const before = await lock(connection, names, chats);
    const heads = new Map(before);
    const placed = place(chats, heads);
    await Promise.all([claim(redis, names, before, heads), write(connection, names, placed)]);
    await connection.query('COMMIT');
    connection.release();

    const ofUsers = byUser(placed);
    const inboxes = ofUsers.map(({ userId, messages }) => ({ userId: names.user(userId), messages }));
    const delivered = await appendInboxes(redis, inboxes, INBOX);
    const pushes = ofUsers.flatMap(({ userId, messages }, i): BarePush[] => {
      const { numbers, routes } = delivered[i]!;
      if (!routes.some(({ gateway_id }) => gateway_id === name)) return [];
      return messages.map((message, j) => {
        const frame = `${frameOf(message).slice(0, -1)},"inbox_seq":${numbers[j]}}`;
        return { users: [userId], frame };
      });
    });
    await redis.publish(names.channel, JSON.stringify(pushes));
  };
}

/** Once for each conversation. */
async function begin(pool: Pool, names: BareNames, fresh: Chat[]): Promise<void> {
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
async function lock(
  connection: PoolConnection,
  names: BareNames,
  chats: Chat[],
): Promise<Map<string, number>> {
  const ids = new Set(chats.map(({ conversation }) => conversation));
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

async function write(connection: PoolConnection, names: BareNames, placed: PlacedChat[]): Promise<void> {
  const newest = new Map(placed.map(({ message }) => [message.conversation_id, message]));
  await connection.query(
    `${insertInto(names.messages)};
     UPDATE ${valuesTable('v', 'user_id, conversation_id, own_seq, last_time', newest.size)}
       STRAIGHT_JOIN ${names.conversations} AS c ON c.conversation_id = v.conversation_id
       STRAIGHT_JOIN ${names.members} AS m ON m.user_id = v.user_id AND m.conversation_id = v.conversation_id
       SET c.last_seq = v.own_seq, c.last_time = v.last_time, m.own_seq = v.own_seq`,
    [
      placed.map(rowOf),
      ...[...newest.values()].map((last) => [last.sender_id, last.conversation_id, last.seq, last.send_time]),
    ],
  );
}

async function claim(
  redis: Redis,
  names: BareNames,
  before: Map<string, number>,
  heads: Map<string, number>,
): Promise<void> {
  const taken = await inOneWrite(redis, () =>
    [...heads].map(([id, head]) => redis.incrby(names.counter(id), head - before.get(id)!)),
  );
  const wanted = [...heads.values()];
  if (taken.some((last, i) => last !== wanted[i])) throw new Error('a counter is wrong');
}

function byUser(placed: PlacedChat[]): UserMessages[] {
  const copies = placed.flatMap(({ receiver, message }) =>
    [message.sender_id, receiver].map((userId) => ({ userId, message })),
  );
  return [...Map.groupBy(copies, ({ userId }) => userId)].map(([userId, theirs]) => {
    return { userId, messages: theirs.map(({ message }) => message) };
  });
}
