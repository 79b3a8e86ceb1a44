import { randomBytes } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { KAFKA_NAMES } from '../../../src/adapters/kafka/kafka-topics.ts';
import type { Topic } from '../../../src/ports/log-events.ts';
import { until } from '../../contract/wait.ts';
import type { Json } from '../../harness/raw-client.ts';

/** An event as it lies in Kafka. */
export interface LogEntry {
  partition: number;
  offset: number;
  key: string;
  event: Json;
}

/** How many events a topic was given. */
export async function countEvents(kafka: Kafka, topic: Topic): Promise<number> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(KAFKA_NAMES[topic].topic);
    return ends.reduce((sum, { high }) => sum + Number(high), 0);
  } finally {
    await admin.disconnect();
  }
}

/** All that a topic holds, as any other program may read it; each partition in its order. */
export async function readEvents(kafka: Kafka, topic: Topic): Promise<LogEntry[]> {
  const count = await countEvents(kafka, topic);
  const groupId = `test-${randomBytes(6).toString('hex')}`;
  const consumer = kafka.consumer({ groupId });
  const entries: LogEntry[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic: KAFKA_NAMES[topic].topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message: { offset, key, value } }) => {
        entries.push({
          partition,
          offset: Number(offset),
          key: String(key),
          event: JSON.parse(String(value)),
        });
      },
    });
    await until(`${count} events`, () => entries.length >= count, 60_000);
  } finally {
    await consumer.disconnect();
  }
  const admin = kafka.admin();
  await admin.connect();
  await admin.deleteGroups([groupId]);
  await admin.disconnect();
  return entries;
}
