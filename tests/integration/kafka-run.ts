import { randomBytes } from 'node:crypto';
import type { Kafka } from 'kafkajs';
import { migrateKafka, type TopicPlan } from '../../src/adapters/kafka/kafka-migrate.ts';
import { KAFKA_NAMES } from '../../src/adapters/kafka/kafka-topics.ts';
import type { Topic } from '../../src/ports/log-events.ts';

export type Names = typeof KAFKA_NAMES;

export const PLAN: TopicPlan = { partitions: 4, replicationFactor: 1, retentionMs: 3_600_000 };

/** Names of topics and groups for one run: the same server may serve several at once. */
export function namesOfRun(): Names {
  const run = randomBytes(4).toString('hex');
  const own = Object.entries(KAFKA_NAMES).map(([topic, names]) => [
    topic,
    { topic: `${names.topic}.${run}`, group: `${names.group}.${run}` },
  ]);
  return Object.fromEntries(own) as Record<Topic, { topic: string; group: string }>;
}

/** Topics of a run, gone when it is disposed of. */
export async function openTopics(kafka: Kafka, plan = PLAN): Promise<{ names: Names } & AsyncDisposable> {
  const names = namesOfRun();
  await migrateKafka(kafka, plan, names);
  return { names, [Symbol.asyncDispose]: () => removeTopics(kafka, names) };
}

export async function removeTopics(kafka: Kafka, names: Names): Promise<void> {
  await withAdmin(kafka, (admin) =>
    admin.deleteTopics({ topics: Object.values(names).map(({ topic }) => topic) }),
  );
}

export async function withAdmin<T>(
  kafka: Kafka,
  work: (admin: ReturnType<Kafka['admin']>) => Promise<T>,
): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
