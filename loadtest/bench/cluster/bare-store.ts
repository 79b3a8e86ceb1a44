import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import { type BarePush, type BareStore, frameOf, namesOf, place, rowOf } from './bare-chat.ts';
import { insertInto } from './plain-insert.ts';

/** Counts, inserts and publishes, and keeps no promise: who sends twice, dies or is away is not thought of. */
export function createBareStore(pool: Pool, redis: Redis, name: string): BareStore {
  const { messages, channel } = namesOf(name);
  const insert = insertInto(messages);
  const heads = new Map<string, number>();
  return async (chats) => {
    const placed = place(chats, heads);
    await pool.query(insert, [placed.map(rowOf)]);
    const pushes = placed.map(({ receiver, message }): BarePush => {
      return { users: [message.sender_id, receiver], frame: frameOf(message) };
    });
    await redis.publish(channel, JSON.stringify(pushes));
  };
}
