import { describe, test } from 'node:test';
import { createKafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { createKafkaEventLog } from '../../src/adapters/kafka/kafka-event-log.ts';
import { eventLogContract } from '../contract/event-log.contract.ts';
import { openTopics, PLAN } from './kafka-run.ts';
import { serverFrom } from './servers.ts';

const brokers = serverFrom('KAFKA_BROKERS')?.split(',');
const QUEUE_MAX = 200;

if (brokers) {
  eventLogContract('Kafka', async () => {
    const kafka = createKafkaClient({ brokers, clientId: 'contract' });
    const topics = await openTopics(kafka);
    const { names } = topics;
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
        await topics[Symbol.asyncDispose]();
      },
    };
  });
} else
  describe('event log contract: Kafka', () => void test('runs', { skip: 'set KAFKA_BROKERS' }, () => {}));
