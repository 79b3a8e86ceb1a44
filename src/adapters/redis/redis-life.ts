import type { Redis } from 'ioredis';
import { readInfo } from './redis-info.ts';

/**
 * Gives the name of a server's present life: another one after each start and each failover, when what it holds may
 * be older than what was told to clients. Empty where the server does not tell. What is sent in the same turn goes to
 * the server that was named.
 */
export function watchLives(): (redis: Redis) => Promise<string> {
  const lives = new WeakMap<Redis, () => Promise<string>>();
  return (redis) => {
    let life = lives.get(redis);
    if (!life) {
      life = watchLife(redis);
      lives.set(redis, life);
    }
    return life();
  };
}

function watchLife(redis: Redis): () => Promise<string> {
  let life: Promise<string> | undefined;
  redis.on('ready', () => {
    life = undefined;
  });

  function ask(): Promise<string> {
    const asked = readInfo(redis, 'server', 'run_id').then((runId) => runId ?? '');
    asked.catch(() => {
      if (life === asked) life = undefined;
    });
    return asked;
  }

  return async () => {
    for (;;) {
      life ??= ask();
      const asked = life;
      const name = await asked;
      if (life === asked) return name;
    }
  };
}
