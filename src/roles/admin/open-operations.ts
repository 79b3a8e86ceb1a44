import { createKafkaEventLog } from '../../adapters/kafka/kafka-event-log.ts';
import { createMysqlTimeline } from '../../adapters/mysql/mysql-timeline.ts';
import { openRedis } from '../../adapters/redis/open-redis.ts';
import { createRedisInbox } from '../../adapters/redis/redis-inbox.ts';
import type { Config } from '../../config/config.ts';
import type { Operations } from '../../ports/operations.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { createKafka } from '../servers.ts';
import { createOperations } from './operations.ts';

/** One command replays one event at a time. */
const LOG_QUEUE_MAX = 1;

/** The servers are asked when a command needs them: what can be seen amid an outage is seen. */
export function openOperations(config: Config): Operations {
  const stack = new AsyncDisposableStack();
  const kafka = createKafka(config, createLogger('silent', {}));
  // What goes wrong is told by the command that waited for it.
  const redis = stack.use(
    openRedis({ url: config.REDIS_URL!, cluster: config.REDIS_CLUSTER, onError: () => {} }),
  );
  const operations = createOperations({
    kafka,
    redis,
    log: stack.use(
      createKafkaEventLog({ kafka, partitions: config.KAFKA_PARTITIONS, queueMax: LOG_QUEUE_MAX }),
    ),
    timeline: stack.use(createMysqlTimeline({ url: config.MYSQL_URL! })),
    inbox: createRedisInbox({
      shards: redis,
      length: config.INBOX_LENGTH,
      ttlMs: config.INBOX_TTL_SECONDS * 1000,
    }),
    now: Date.now,
  });
  return { ...operations, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
