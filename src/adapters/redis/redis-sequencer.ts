import type { Sequencer } from '../../ports/sequencer.ts';
import { REDIS_KEYS } from './redis-keys.ts';
import { executeEach, type Shards } from './redis-shards.ts';

/**
 * Counters in Redis. Where an answer is lost the numbers are taken all the same: the counter then runs ahead of the
 * timeline, which the worker notices.
 */
export function createRedisSequencer(shards: Shards): Sequencer {
  return {
    async take(wants) {
      const keys = wants.map(({ conversationId }) => REDIS_KEYS.seq(conversationId));
      const lasts = (await executeEach(shards, keys, (pipeline, key, i) =>
        pipeline.incrby(key, wants[i]!.count),
      )) as number[];
      return lasts.map((last, i) => last - wants[i]!.count + 1);
    },

    async reset(heads) {
      const keys = heads.map(({ conversationId }) => REDIS_KEYS.seq(conversationId));
      await executeEach(shards, keys, (pipeline, key, i) => pipeline.set(key, heads[i]!.lastSeq));
    },
  };
}
