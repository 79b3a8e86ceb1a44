import type { Redis } from 'ioredis';
import { readInfo } from './redis-info.ts';

/**
 * How old the name may be that is used on a connection that never broke: a server that has lost its last replica takes
 * another name by and by, and processes that call it by different names would take each other's epochs for lost.
 */
const NAMED_MS_MAX = 1000;

interface Life {
  name: Promise<string>;
  askedAt: number;
}

/**
 * Gives the name of a server's present life: another one after each start and each failover, when what it holds may
 * be older than what was told to clients. Empty where the server does not tell. What is sent in the same turn goes to
 * the server that was named.
 */
export function watchLives(): (redis: Redis) => Promise<string> {
  const lives = new WeakMap<Redis, Life>();
  const watched = new WeakSet<Redis>();

  function begin(redis: Redis): Life {
    if (!watched.has(redis)) redis.on('ready', () => lives.delete(redis));
    watched.add(redis);
    const life = { name: askName(redis), askedAt: performance.now() };
    lives.set(redis, life);
    life.name.catch(() => {
      if (lives.get(redis) === life) lives.delete(redis);
    });
    return life;
  }

  function present(redis: Redis): Life {
    const life = lives.get(redis);
    return life && performance.now() - life.askedAt <= NAMED_MS_MAX ? life : begin(redis);
  }

  return async (redis) => {
    for (;;) {
      const life = present(redis);
      const name = await life.name;
      if (lives.get(redis) === life) return name;
    }
  };
}

/** A server takes another replication id when it starts and when it is promoted; its run id it keeps when it is. */
async function askName(redis: Redis): Promise<string> {
  return (await readInfo(redis, 'replication', 'master_replid')) ?? '';
}
