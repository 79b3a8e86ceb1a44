import type { Redis } from 'ioredis';
import type { Sequencer } from '../../ports/sequencer.ts';
import { execute } from './redis-errors.ts';
import { REDIS_KEYS } from './redis-keys.ts';

/**
 * Counters in Redis. Where an answer is lost the numbers are taken all the same: the counter then runs ahead of the
 * timeline, which the worker notices.
 */
export function createRedisSequencer(redis: Redis): Sequencer {
  return {
    async take(wants) {
      const pipeline = redis.pipeline();
      for (const { conversationId, count } of wants) pipeline.incrby(REDIS_KEYS.seq(conversationId), count);
      const lasts = (await execute(pipeline)) as number[];
      return lasts.map((last, i) => last - wants[i]!.count + 1);
    },

    async reset(heads) {
      const pipeline = redis.pipeline();
      for (const { conversationId, lastSeq } of heads) pipeline.set(REDIS_KEYS.seq(conversationId), lastSeq);
      await execute(pipeline);
    },
  };
}
