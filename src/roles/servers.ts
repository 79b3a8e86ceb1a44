import type { Kafka, SASLOptions } from 'kafkajs';
import { createKafkaClient, type KafkaOptions } from '../adapters/kafka/kafka-client.ts';
import { createKafkaEventLog } from '../adapters/kafka/kafka-event-log.ts';
import { checkTopics } from '../adapters/kafka/kafka-migrate.ts';
import { KAFKA_NAMES } from '../adapters/kafka/kafka-topics.ts';
import { checkMysqlSchema } from '../adapters/mysql/mysql-migrate.ts';
import type { PoolUse } from '../adapters/mysql/mysql-pool.ts';
import { createMysqlTimeline } from '../adapters/mysql/mysql-timeline.ts';
import { openRedis } from '../adapters/redis/open-redis.ts';
import { checkRedis } from '../adapters/redis/redis-check.ts';
import { createRedisGateways } from '../adapters/redis/redis-gateways.ts';
import { createRedisInbox } from '../adapters/redis/redis-inbox.ts';
import { createRedisPushBus } from '../adapters/redis/redis-push-bus.ts';
import { createRedisRegistry } from '../adapters/redis/redis-registry.ts';
import { createRedisSequencer } from '../adapters/redis/redis-sequencer.ts';
import { serverTime } from '../adapters/redis/redis-time.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { observed } from './observed.ts';
import { traced } from './tracing.ts';

/** Events that may wait for Kafka; beyond, sends are refused with 503. */
const LOG_QUEUE_MAX = 20_000;
/** Routes outlive the silence that ends their session, so that a session never loses its route before it ends. */
const ROUTE_GRACE_MS = 5000;
/** `send_time` is a gateway's clock, and members see it side by side. */
const CLOCK_SKEW_MS_MAX = 2000;

/** How a role tells what it does. */
export interface Telemetry {
  logger: Logger;
  metrics: Metrics;
  tracing: Tracing | undefined;
}

export type Servers = ReturnType<typeof openServers>;

/** The adapters of the real servers. They connect in the background; see `checkServers`. */
export function openServers(config: Config, seen: Telemetry, stack: AsyncDisposableStack) {
  const { logger, metrics, tracing } = seen;
  const warn = (error: unknown) => logger.warn({ err: error }, 'a server is in trouble');
  const kafka = createKafka(config, logger);
  const redis = stack.use(
    openRedis({ url: config.REDIS_URL!, cluster: config.REDIS_CLUSTER, onError: warn }),
  );
  const onIgnored = (channel: string, reason: string) =>
    logger.warn({ channel, reason }, 'a push of an unknown form was dropped');
  const inboxOptions = { shards: redis, length: config.INBOX_LENGTH, ttlMs: config.INBOX_TTL_SECONDS * 1000 };
  const registryOptions = { shards: redis, ttlMs: config.HEARTBEAT_TIMEOUT_MS + ROUTE_GRACE_MS };
  return {
    kafka,
    redis,
    log: traced(
      stack.use(
        createKafkaEventLog({
          kafka,
          partitions: config.KAFKA_PARTITIONS,
          queueMax: LOG_QUEUE_MAX,
          onSend: (count) => metrics.appendBatchSize.observe(count),
        }),
      ),
      tracing,
      (topic) => KAFKA_NAMES[topic].topic,
    ),
    timeline: observed(
      stack.use(createMysqlTimeline({ url: config.MYSQL_URL!, onUse: showPool(metrics, 'mysql') })),
      'mysql',
      seen,
    ),
    sequencer: observed(createRedisSequencer(redis), 'redis', seen),
    inbox: observed(createRedisInbox(inboxOptions), 'redis', seen),
    registry: observed(createRedisRegistry(registryOptions), 'redis', seen),
    gateways: createRedisGateways(redis),
    bus: observed(stack.use(createRedisPushBus({ shards: redis, onError: warn, onIgnored })), 'redis', seen),
  };
}

/** How much of a pool is in use; where calls wait, it is too small or its server too slow. */
function showPool(metrics: Metrics, store: string): (use: PoolUse) => void {
  return ({ size, used, waiting }) => {
    metrics.poolSize.set({ store }, size);
    metrics.poolUsed.set({ store }, used);
    metrics.poolWaiting.set({ store }, waiting);
  };
}

export function createKafka(config: Config, logger: Logger): Kafka {
  return createKafkaClient({
    brokers: config.KAFKA_BROKERS!,
    clientId: `seqline-${config.role}`,
    ssl: config.KAFKA_SSL,
    sasl: saslOf(config),
    onLog: ({ level, message }) => logger[level]({ client: 'kafka' }, message),
  });
}

function saslOf(config: Config): KafkaOptions['sasl'] {
  if (!config.KAFKA_SASL_MECHANISM) return undefined;
  return {
    mechanism: config.KAFKA_SASL_MECHANISM,
    username: config.KAFKA_SASL_USERNAME ?? '',
    password: config.KAFKA_SASL_PASSWORD ?? '',
  } as SASLOptions;
}

/** Throws, with the remedy, where a server cannot be worked with: out of reach, of another schema, ill configured. */
export async function checkServers(config: Config, { kafka, redis }: Servers, logger: Logger): Promise<void> {
  await checkMysqlSchema(config.MYSQL_URL!);
  await checkRedis(redis, (warning) => logger.warn(warning));
  await checkTopics(kafka, config.KAFKA_PARTITIONS);
  const skewMs = Math.abs((await serverTime(redis)) - Date.now());
  if (skewMs > CLOCK_SKEW_MS_MAX) {
    throw new Error(
      `This clock and that of Redis are ${skewMs} ms apart. Let both follow a time server (NTP).`,
    );
  }
}
