import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { createKafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { createKafkaEventLog } from '../../src/adapters/kafka/kafka-event-log.ts';
import { migrateKafka } from '../../src/adapters/kafka/kafka-migrate.ts';
import { KAFKA_NAMES } from '../../src/adapters/kafka/kafka-topics.ts';
import type { Topic } from '../../src/ports/log-events.ts';
import { eventLogContract } from '../contract/event-log.contract.ts';
import { serverFrom } from './servers.ts';

const brokers = serverFrom('KAFKA_BROKERS')?.split(',');
const PLAN = { partitions: 4, replicationFactor: 1, retentionMs: 3_600_000 };
const QUEUE_MAX = 200;

if (brokers) {
  eventLogContract('Kafka', async () => {
    const kafka = createKafkaClient({ brokers, clientId: 'contract' });
    const names = namesOfRun();
    await migrateKafka(kafka, PLAN, names);
    const create = () =>
      createKafkaEventLog({ kafka, partitions: PLAN.partitions, queueMax: QUEUE_MAX, names });
    let log = create();
    return {
      log,
      partitions: PLAN.partitions,
      queueMax: QUEUE_MAX,
      async reopen() {
        await log[Symbol.asyncDispose]();
        log = create();
        return log;
      },
      async [Symbol.asyncDispose]() {
        await log[Symbol.asyncDispose]();
        const admin = kafka.admin();
        await admin.connect();
        await admin.deleteTopics({ topics: Object.values(names).map(({ topic }) => topic) });
        await admin.disconnect();
      },
    };
  });
} else
  describe('event log contract: Kafka', () => void test('runs', { skip: 'set KAFKA_BROKERS' }, () => {}));

/** The same server may serve several runs at once. */
function namesOfRun(): typeof KAFKA_NAMES {
  const run = randomBytes(4).toString('hex');
  const own = Object.entries(KAFKA_NAMES).map(([topic, names]) => [
    topic,
    { topic: `${names.topic}.${run}`, group: `${names.group}.${run}` },
  ]);
  return Object.fromEntries(own) as Record<Topic, { topic: string; group: string }>;
}
