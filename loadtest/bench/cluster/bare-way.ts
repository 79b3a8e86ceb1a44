import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Kafka } from 'kafkajs';
import { createConnection } from 'mysql2/promise';
import type { ClusterStores } from '../../../tests/harness/cluster-stores.ts';
import { startProgram } from '../servers.ts';
import { closePairs, connectPairs, type StoredPair } from '../workloads/direct-pairs.ts';
import { type BareNames, namesOf } from './bare-chat.ts';
import { PARTITIONS, withAdmin } from './kafka-topics.ts';

const PROGRAM = path.join(import.meta.dirname, 'bare-way-server.ts');

export interface BareWay extends AsyncDisposable {
  pairs: StoredPair[];
  pids: number[];
}

/**
 * The way of a message over the same servers with all left out that can be; see `bare-way-server.ts`. One that keeps the
 * promises does what these take as well.
 */
export async function startBareWay(
  { env, kafka }: ClusterStores,
  keeps: 'nothing' | 'promises',
): Promise<BareWay> {
  await using stack = new AsyncDisposableStack();
  const name = `bare_${randomBytes(4).toString('hex')}`;
  await createTables(env.MYSQL_URL, namesOf(name));
  await createTopic(kafka, name);
  stack.defer(() => remove(kafka, name));
  const start = async (role: string) =>
    stack.use(await startProgram(PROGRAM, { ...env, BARE_KEEPS: keeps, BARE_NAME: name, BARE_ROLE: role }));
  const [back, front] = [await start('back'), await start('front')];
  const door = { port: front.port, secret: 'any' };
  const pairs = await connectPairs(() => [door, door]);
  stack.defer(() => closePairs(pairs));
  const all = stack.move();
  return { pairs, pids: [front.pid, back.pid], [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function createTables(mysqlUrl: string, names: BareNames): Promise<void> {
  const connection = await createConnection(mysqlUrl);
  try {
    await connection.query(`CREATE TABLE ${names.messages} LIKE timeline_message`);
    await connection.query(`CREATE TABLE ${names.conversations} LIKE conversation`);
    await connection.query(`CREATE TABLE ${names.members} LIKE conversation_member`);
  } finally {
    await connection.end();
  }
}

async function createTopic(kafka: Kafka, topic: string): Promise<void> {
  await withAdmin(kafka, (admin) =>
    admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: PARTITIONS }] }),
  );
}

/** After its members have left the group. */
async function remove(kafka: Kafka, name: string): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.deleteGroups([name]);
    await admin.deleteTopics({ topics: [name] });
  });
}
