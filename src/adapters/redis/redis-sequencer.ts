import type { Sequencer, SeqWant } from '../../ports/sequencer.ts';
import { chunksOf } from '../chunks.ts';
import { inOneWrite } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import { seqTake } from './redis-scripts.ts';
import { executeEach, type Shards } from './redis-shards.ts';

/** Counters in one call of the script: Redis does nothing else meanwhile. */
const CALL_COUNTERS_MAX = 100;

/**
 * Counters in Redis. Where an answer is lost the numbers are taken all the same: the counter then runs ahead of the
 * timeline, which the worker notices.
 */
export function createRedisSequencer(shards: Shards): Sequencer {
  return {
    async take(wants) {
      const lasts = await (shards.sharded ? takeEach(shards, wants) : takeTogether(shards, wants));
      return lasts.map((last, i) => last - wants[i]!.count + 1);
    },

    async reset(heads) {
      const keys = heads.map(({ conversationId }) => REDIS_KEYS.seq(conversationId));
      await executeEach(shards, keys, (redis, key, i) => redis.set(key, heads[i]!.lastSeq));
    },
  };
}

/** Gives the last number taken of each. The counters are in different slots, which a script cannot reach at once. */
function takeEach(shards: Shards, wants: SeqWant[]): Promise<number[]> {
  const keys = wants.map(({ conversationId }) => REDIS_KEYS.seq(conversationId));
  return executeEach(shards, keys, (redis, key, i) => redis.incrby(key, wants[i]!.count));
}

async function takeTogether(shards: Shards, wants: SeqWant[]): Promise<number[]> {
  if (wants.length === 0) return [];
  const [redis] = shards.all();
  const taken = await inOneWrite(redis!, () =>
    [...chunksOf(wants, CALL_COUNTERS_MAX)].map((chunk) => {
      const keys = chunk.map(({ conversationId }) => REDIS_KEYS.seq(conversationId));
      return seqTake.run(
        redis!,
        keys,
        chunk.map(({ count }) => count),
      );
    }),
  );
  return taken.flat();
}
