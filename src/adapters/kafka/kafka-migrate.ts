import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka } from 'kafkajs';
import { KAFKA_NAMES } from './kafka-topics.ts';

export interface TopicPlan {
  partitions: number;
  replicationFactor: number;
  /** Must exceed the longest outage of the stores that is to be survived. */
  retentionMs: number;
}

/** How long new topics may take to get leaders. */
const LEADERS_MS_MAX = 30_000;
/** Dead letters wait for a person. */
const DEAD_LETTER_RETENTION_MS = 90 * 24 * 3600 * 1000;

const RETENTION = 'retention.ms';

type Names = typeof KAFKA_NAMES;

export interface MigratedTopics {
  made: string[];
  /** Topics that were there and keep events for another time than planned, in milliseconds. */
  otherRetention: { topic: string; retentionMs: number }[];
}

/**
 * Creates what is missing. Safe to run twice, and from two processes at once. Throws where a topic has another number of
 * partitions. How long a live topic keeps events is not changed: events would be gone at once, and Kafka may be the work
 * of others.
 */
export async function migrateKafka(
  kafka: Kafka,
  plan: TopicPlan,
  names: Names = KAFKA_NAMES,
): Promise<MigratedTopics> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = topicsOf(names).filter((name) => !existing.has(name));
    if (missing.length > 0) await createTopics(admin, missing, plan, names.dead_letters.topic);
    await checkPartitions(admin, plan.partitions, names);
    const otherRetention = await findOtherRetention(admin, plan.retentionMs, names);
    return { made: missing, otherRetention };
  } finally {
    await admin.disconnect();
  }
}

function topicsOf(names: Names): string[] {
  return Object.values(names).map(({ topic }) => topic);
}

async function createTopics(
  admin: Admin,
  topics: string[],
  plan: TopicPlan,
  deadLetters: string,
): Promise<void> {
  await admin.createTopics({
    // kafkajs's own wait fails where the brokers do not know the new topics yet.
    waitForLeaders: false,
    topics: topics.map((topic) => ({
      topic,
      numPartitions: topic === deadLetters ? 1 : plan.partitions,
      replicationFactor: plan.replicationFactor,
      configEntries: [
        {
          name: RETENTION,
          value: String(topic === deadLetters ? DEAD_LETTER_RETENTION_MS : plan.retentionMs),
        },
        { name: 'min.insync.replicas', value: String(Math.max(1, plan.replicationFactor - 1)) },
        { name: 'cleanup.policy', value: 'delete' },
      ],
    })),
  });
  const deadline = performance.now() + LEADERS_MS_MAX;
  while (!(await haveLeaders(admin, topics))) {
    if (performance.now() > deadline)
      throw new Error(`The new topics have no leaders: ${topics.join(', ')}.`);
    await sleep(100);
  }
}

/** Of the topics that wait for workers. Nothing is found where this user may not ask, which Kafka can forbid by itself. */
async function findOtherRetention(
  admin: Admin,
  plannedMs: number,
  { messages, receipts }: Names,
): Promise<MigratedTopics['otherRetention']> {
  const resources = [messages, receipts].map(({ topic }) => ({
    type: kafkajs.ConfigResourceTypes.TOPIC,
    name: topic,
    configNames: [RETENTION],
  }));
  const described = await admin.describeConfigs({ includeSynonyms: false, resources }).catch(() => undefined);
  return (described?.resources ?? [])
    .map(({ resourceName, configEntries }) => ({
      topic: resourceName,
      retentionMs: Number(configEntries[0]?.configValue),
    }))
    .filter(({ retentionMs }) => Number.isFinite(retentionMs) && retentionMs !== plannedMs);
}

async function haveLeaders(admin: Admin, topics: string[]): Promise<boolean> {
  try {
    const metadata = await admin.fetchTopicMetadata({ topics });
    return metadata.topics.every((topic) => topic.partitions.every(({ leader }) => leader >= 0));
  } catch (error) {
    if ((error as { retriable?: boolean }).retriable) return false;
    throw error;
  }
}

/**
 * Whether the topics are there with as many partitions as configured. The key of a conversation decides its partition
 * by their number: with another number, a conversation's next message would go elsewhere while its last ones still wait.
 */
export async function checkTopics(
  kafka: Kafka,
  partitions: number,
  names: Names = KAFKA_NAMES,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await checkPartitions(admin, partitions, names);
  } finally {
    await admin.disconnect();
  }
}

async function checkPartitions(admin: Admin, partitions: number, names: Names): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const present = topicsOf(names).filter((name) => existing.has(name));
  const { topics } = await admin.fetchTopicMetadata({ topics: present });
  for (const { topic: name } of [names.messages, names.receipts]) {
    const found = topics.find((candidate) => candidate.name === name)?.partitions.length;
    if (found === undefined) throw new Error(`The topic ${name} does not exist. Run \`seqline migrate\`.`);
    if (found !== partitions) {
      throw new Error(
        `The topic ${name} has ${found} partitions and KAFKA_PARTITIONS is ${partitions}. The number is never changed on a live topic, because a conversation would change its partition and its order be lost: set KAFKA_PARTITIONS=${found}.`,
      );
    }
  }
}
