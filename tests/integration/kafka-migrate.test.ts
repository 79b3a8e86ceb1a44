import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import kafkajs, { type Kafka } from 'kafkajs';
import { createKafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { checkTopics, migrateKafka } from '../../src/adapters/kafka/kafka-migrate.ts';
import { type Names, namesOfRun, openTopics, PLAN, removeTopics, withAdmin } from './kafka-run.ts';
import { serverFrom } from './servers.ts';

const brokers = serverFrom('KAFKA_BROKERS')?.split(',');
const NINETY_DAYS_MS = 90 * 24 * 3_600_000;

describe('topics', { skip: brokers ? false : 'set KAFKA_BROKERS' }, () => {
  const kafka = createKafkaClient({ brokers: brokers ?? [], clientId: 'migrate-test' });

  test('are made as planned, and dead letters are kept for a person', async () => {
    await using topics = await openTopics(kafka);
    const { messages, receipts, dead_letters } = topics.names;
    assert.deepEqual(await planOf(kafka, messages.topic), { ...PLAN, cleanup: 'delete' });
    assert.deepEqual(await planOf(kafka, receipts.topic), { ...PLAN, cleanup: 'delete' });
    assert.deepEqual(await planOf(kafka, dead_letters.topic), {
      partitions: 1,
      replicationFactor: PLAN.replicationFactor,
      retentionMs: NINETY_DAYS_MS,
      cleanup: 'delete',
    });
    await checkTopics(kafka, PLAN.partitions, topics.names);
  });

  test('are made again without harm', async () => {
    await using topics = await openTopics(kafka);
    assert.deepEqual(await migrateKafka(kafka, PLAN, topics.names), { made: [], otherRetention: [] });
  });

  test('that are live keep events as long as they did, and are named where that is not as configured', async () => {
    await using topics = await openTopics(kafka);
    const { made, otherRetention } = await migrateKafka(
      kafka,
      { ...PLAN, retentionMs: PLAN.retentionMs + 1 },
      topics.names,
    );
    assert.deepEqual(made, []);
    assert.deepEqual(
      otherRetention.toSorted((a, b) => a.topic.localeCompare(b.topic)),
      [topics.names.messages, topics.names.receipts].map(({ topic }) => ({
        topic,
        retentionMs: PLAN.retentionMs,
      })),
    );
    assert.equal((await planOf(kafka, topics.names.messages.topic)).retentionMs, PLAN.retentionMs);
  });

  test('are made from several processes at once', async () => {
    const names = namesOfRun();
    await Promise.all([1, 2, 3].map(() => migrateKafka(kafka, PLAN, names)));
    await checkTopics(kafka, PLAN.partitions, names);
    await removeTopics(kafka, names);
  });

  test('that are live keep their number of partitions, and whoever wants another is told why', async () => {
    await using topics = await openTopics(kafka);
    const more = PLAN.partitions + 1;
    const why = new RegExp(
      `has ${PLAN.partitions} partitions and KAFKA_PARTITIONS is ${more}.*never changed.*` +
        `order be lost.*set KAFKA_PARTITIONS=${PLAN.partitions}`,
    );
    await assert.rejects(migrateKafka(kafka, { ...PLAN, partitions: more }, topics.names), why);
    await assert.rejects(checkTopics(kafka, more, topics.names), why);
    assert.equal((await planOf(kafka, topics.names.messages.topic)).partitions, PLAN.partitions);
  });

  test('that are missing are named with the remedy', async () => {
    const names: Names = namesOfRun();
    await assert.rejects(checkTopics(kafka, PLAN.partitions, names), /does not exist. Run `seqline migrate`/);
  });
});

async function planOf(kafka: Kafka, topic: string) {
  return withAdmin(kafka, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    const configured = (name: string) =>
      resources[0]!.configEntries.find(({ configName }) => configName === name)?.configValue;
    const { partitions } = topics[0]!;
    return {
      partitions: partitions.length,
      replicationFactor: partitions[0]!.replicas.length,
      retentionMs: Number(configured('retention.ms')),
      cleanup: configured('cleanup.policy'),
    };
  });
}
