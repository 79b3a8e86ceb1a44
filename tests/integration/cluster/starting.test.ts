import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createConnection } from 'mysql2/promise';
import { KAFKA_NAMES } from '../../../src/adapters/kafka/kafka-topics.ts';
import { until } from '../../contract/wait.ts';
import {
  type ClusterProcess,
  createClusterProcess,
  isReady,
  type ProcessOptions,
  runRole,
} from '../../harness/cluster-process.ts';
import { type ClusterStores, NO_SERVERS, openStores } from '../../harness/cluster-stores.ts';
import { noOwnRedis, startOwnRedis } from '../../harness/own-redis.ts';
import type { Environment } from '../../harness/own-server.ts';
import { startPausableProxy } from '../../harness/pausable-proxy.ts';
import { withAdmin } from '../kafka-run.ts';
import { connect } from '../redis-fixture.ts';

const TOLD_MS_MAX = 60_000;
/** Tries after which it is seen that the pauses between them grow. */
const TRIES = 3;
const FIRST_PAUSE_MS = 250;

describe('a role that cannot work with its servers', { skip: NO_SERVERS, timeout: 600_000 }, () => {
  let stores: ClusterStores;
  let env: Environment;
  let dataDir: string;

  before(async () => {
    stores = await openStores();
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'seqline-test-'));
    env = {
      ...stores.env,
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      AUTH_JWT_SECRET: 'x'.repeat(32),
      DRAIN_MS: '0',
    };
    await runRole('migrate', env);
  });

  after(async () => {
    await stores?.[Symbol.asyncDispose]();
    if (dataDir) await rm(dataDir, { recursive: true, force: true });
  });

  test('says that a topic is missing, and begins when it is there', async () => {
    await withAdmin(stores.kafka, (admin) => admin.deleteTopics({ topics: [KAFKA_NAMES.receipts.topic] }));
    await using role = await launch('worker');
    await says(role, /topic im_receipts does not exist. Run `seqline migrate`/);
    await runRole('migrate', env);
    await becomesReady(role);
  });

  test('says that a topic has other partitions than configured, and why that cannot be', async () => {
    await using role = await launch('worker', { KAFKA_PARTITIONS: '8' });
    await says(role, /has 16 partitions and KAFKA_PARTITIONS is 8.*order be lost.*set KAFKA_PARTITIONS=16/);
    await assert.rejects(runRole('migrate', { ...env, KAFKA_PARTITIONS: '8' }), /set KAFKA_PARTITIONS=16/);
  });

  test('says that the schema is older, and begins when it was migrated', async () => {
    await onMysql('DELETE FROM schema_version');
    await using role = await launch('gateway');
    await says(role, /schema version 0 and this program needs \d+: run "seqline migrate"/);
    await runRole('migrate', env);
    await becomesReady(role);
  });

  test('says that the schema is newer, and migrate changes nothing', async () => {
    await onMysql('INSERT INTO schema_version VALUES (999, 0)');
    await using role = await launch('worker');
    await says(role, /schema version 999 and this program knows up to \d+: deploy a version that knows it/);
    await assert.rejects(runRole('migrate', env), /deploy a version that knows it/);
    await onMysql('DELETE FROM schema_version WHERE version = 999');
    await becomesReady(role);
  });

  test('says that Redis may evict, and begins when it may not', { skip: noOwnRedis }, async () => {
    await using server = await startOwnRedis('--maxmemory-policy', 'allkeys-lru');
    await using role = await launch('worker', { REDIS_URL: server.url });
    await says(role, /maxmemory-policy is allkeys-lru.*CONFIG SET maxmemory-policy noeviction/);
    await using connection = await connect(server.url);
    await connection.redis.config('SET', 'maxmemory-policy', 'noeviction');
    await becomesReady(role);
  });

  test('says that its clock is wrong', async () => {
    const ahead = 'const { now } = Date; Date.now = () => now() + 60_000;';
    const preload = `--import=data:text/javascript,${encodeURIComponent(ahead)}`;
    await using role = await launch('gateway', { NODE_OPTIONS: preload });
    await says(role, /This clock and that of Redis are (59|60)\d{3} ms apart.*NTP/);
  });

  describe('because one is out of reach', { concurrency: true }, () => {
    test('MySQL: waits for it with growing pauses', () => waitsFor('gateway', 'MYSQL_URL', /mysql/));
    test('Redis: waits for it with growing pauses', () => waitsFor('worker', 'REDIS_URL', /redis/));
    test('Kafka: waits for it with growing pauses', () =>
      waitsFor('controller', 'KAFKA_BROKERS', /kafka|connect/i));
  });

  async function waitsFor(role: ProcessOptions['role'], server: keyof ClusterStores['env'], reason: RegExp) {
    const address = env[server]!;
    const { hostname, port } = new URL(address.includes('//') ? address : `tcp://${address}`);
    await using proxy = await startPausableProxy({ host: hostname, port: Number(port) });
    await proxy.cut();
    const there = `${hostname}:${port}`;
    await using waiting = await launch(role, { [server]: address.replace(there, `127.0.0.1:${proxy.port}`) });
    await says(waiting, reason);
    await until(`it has tried ${TRIES} times`, () => pausesOf(waiting).length >= TRIES, TOLD_MS_MAX);
    const doubling = Array.from({ length: TRIES }, (_, i) => FIRST_PAUSE_MS * 2 ** i);
    assert.deepEqual(pausesOf(waiting).slice(0, TRIES), doubling);
    await proxy.mend();
    await becomesReady(waiting);
  }

  async function launch(role: ProcessOptions['role'], more: Environment = {}) {
    const launched = await createClusterProcess({ role, name: role, env: { ...env, ...more } });
    launched.launch();
    return { ...launched, [Symbol.asyncDispose]: async () => void (await launched.stop()) };
  }

  async function onMysql(statement: string): Promise<void> {
    const connection = await createConnection(stores.mysqlUrl);
    await connection.query(statement);
    await connection.end();
  }
});

/** Not ready, for this reason; and alive meanwhile. */
async function says({ internalUrl, log }: ClusterProcess, reason: RegExp): Promise<void> {
  let reasons = '';
  const told = async () => {
    const answer = await fetch(`${internalUrl}/readyz`).catch(() => undefined);
    if (answer) reasons = await answer.text();
    return answer?.status === 503 && JSON.parse(reasons).reasons.some((one: string) => reason.test(one));
  };
  await until(`it says ${reason}`, told, TOLD_MS_MAX).catch((error) => {
    throw new Error(`${error.message}; it says ${reasons}\n${log()}`);
  });
  assert.equal((await fetch(`${internalUrl}/livez`)).status, 200);
}

/** The same process, without another start. */
async function becomesReady({ internalUrl, log }: ClusterProcess): Promise<void> {
  const ready = () => isReady(`${internalUrl}/readyz`);
  await until('it is ready', ready, TOLD_MS_MAX).catch((error) => {
    throw new Error(`${error.message}\n${log()}`);
  });
}

/** Pauses between the tries, as the log tells them. */
function pausesOf({ log }: ClusterProcess): number[] {
  return [...log().matchAll(/"retry_in_ms":(\d+)/g)].map(([, ms]) => Number(ms));
}
