import { migrateKafka } from '../adapters/kafka/kafka-migrate.ts';
import { migrateMysql } from '../adapters/mysql/mysql-migrate.ts';
import type { Config } from '../config/config.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { RunningRole } from './running-role.ts';
import { createKafka } from './servers.ts';

const HOUR_MS = 3_600_000;

/** Brings MySQL's schema and Kafka's topics to this version, and ends. May run twice, and in two places at once. */
export async function runMigrations(config: Config): Promise<RunningRole> {
  const logger = createLogger(config.LOG_LEVEL, { role: 'migrate' });
  const { from, to } = await migrateMysql(config.MYSQL_URL!);
  logger.info({ from, to }, from === to ? 'the schema is up to date' : 'the schema was brought up to date');
  const { made, otherRetention } = await migrateKafka(createKafka(config, logger), {
    partitions: config.KAFKA_PARTITIONS,
    replicationFactor: config.KAFKA_REPLICATION_FACTOR,
    retentionMs: config.KAFKA_RETENTION_HOURS * HOUR_MS,
  });
  logger.info({ made }, made.length === 0 ? 'all topics are there' : 'topics were made');
  for (const { topic, retentionMs } of otherRetention) {
    const kept = retentionMs < 0 ? 'for ever' : `for ${retentionMs / HOUR_MS} h`;
    logger.warn(
      { topic },
      `the topic keeps events ${kept}, and KAFKA_RETENTION_HOURS is ${config.KAFKA_RETENTION_HOURS}: a live topic is left as it is; set its retention.ms in Kafka, or the variable`,
    );
  }
  return { done: true, async [Symbol.asyncDispose]() {} };
}
