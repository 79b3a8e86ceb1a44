import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Admin, Kafka } from 'kafkajs';
import { createConnection } from 'mysql2/promise';
import { createKafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { KAFKA_NAMES } from '../../src/adapters/kafka/kafka-topics.ts';

const { MYSQL_URL, REDIS_URL, KAFKA_BROKERS } = process.env;

/** For `skip` of tests that need all three servers. */
export const NO_SERVERS: string | false =
  !(MYSQL_URL && REDIS_URL && KAFKA_BROKERS) && 'set MYSQL_URL, REDIS_URL and KAFKA_BROKERS';

const GONE_MS_MAX = 30_000;
/** Databases that a Redis server has unless told otherwise, but the first, which belongs to others. */
const REDIS_DATABASES = { from: 1, to: 16 };

/** A database of MySQL and one of Redis for one run alone, and a Kafka without topics. */
export interface ClusterStores extends AsyncDisposable {
  mysqlUrl: string;
  redisUrl: string;
  kafka: Kafka;
  /** As the roles read them. */
  env: { MYSQL_URL: string; REDIS_URL: string; KAFKA_BROKERS: string };
}

/** `ownRedisUrl`: of a server that nobody else uses, in place of a database of the one that the environment names. */
export async function openStores(ownRedisUrl?: string): Promise<ClusterStores> {
  const kafka = createKafkaClient({ brokers: KAFKA_BROKERS!.split(','), clientId: 'cluster-test' });
  await clearKafka(kafka);
  const redisUrl =
    ownRedisUrl ?? urlWith(REDIS_URL!, String(randomInt(REDIS_DATABASES.from, REDIS_DATABASES.to)));
  await emptyRedis(redisUrl);
  const database = `im_${randomBytes(6).toString('hex')}`;
  await onMysql(`CREATE DATABASE ${database}`);
  const mysqlUrl = urlWith(MYSQL_URL!, database);
  return {
    mysqlUrl,
    redisUrl,
    kafka,
    env: { MYSQL_URL: mysqlUrl, REDIS_URL: redisUrl, KAFKA_BROKERS: KAFKA_BROKERS! },
    async [Symbol.asyncDispose]() {
      await onMysql(`DROP DATABASE ${database}`);
      await emptyRedis(redisUrl);
    },
  };
}

function urlWith(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = name;
  return url.href;
}

async function onMysql(statement: string): Promise<void> {
  const connection = await createConnection(MYSQL_URL!);
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** All keys of the run's database, at once: what a failover with loss does too. */
export async function emptyRedis(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushdb();
  redis.disconnect();
}

/** Names of topics and groups are fixed, so a run begins by removing what the last one left. */
async function clearKafka(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await removeGroups(admin);
    await removeTopics(admin);
  } finally {
    await admin.disconnect();
  }
}

async function removeGroups(admin: Admin): Promise<void> {
  const names = Object.values(KAFKA_NAMES).map(({ group }) => group);
  const left = async () => {
    const { groups } = await admin.listGroups();
    return groups.map(({ groupId }) => groupId).filter((id) => names.includes(id));
  };
  // A group is held by its members, also by one that was killed, until its session ends.
  await untilGone('consumer groups', left, (groups) => admin.deleteGroups(groups));
}

async function removeTopics(admin: Admin): Promise<void> {
  const names = Object.values(KAFKA_NAMES).map(({ topic }) => topic);
  const left = async () => (await admin.listTopics()).filter((topic) => names.includes(topic));
  await untilGone('topics', left, (topics) => admin.deleteTopics({ topics }));
}

async function untilGone(
  what: string,
  left: () => Promise<string[]>,
  remove: (names: string[]) => Promise<unknown>,
): Promise<void> {
  const deadline = performance.now() + GONE_MS_MAX;
  for (;;) {
    let names: string[] = [];
    let fault: unknown;
    try {
      names = await left();
      if (names.length === 0) return;
      await remove(names);
    } catch (error) {
      // Also of a broker that has just started, and does not know its groups yet.
      fault = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`These ${what} do not go: ${names.join(', ')}. Does another cluster use them?`, {
        cause: fault,
      });
    }
    await sleep(200);
  }
}
