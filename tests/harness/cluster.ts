import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type ClusterProcess, createClusterProcess, type LongRole, runRole } from './cluster-process.ts';
import { type ClusterStores, openStores } from './cluster-stores.ts';
import { type MysqlTap, openMysqlTap } from './mysql-tap.ts';
import type { Environment } from './own-server.ts';
import type { Target } from './target.ts';

export interface ClusterOptions {
  gateways: number;
  workers: number;
  controllers?: number;
  /** Of all processes. */
  env?: Environment;
  /** Of the processes of one role, from what it would be. */
  envOf?: (role: ClusterRole, env: Environment) => Environment;
  /** Another Redis than the environment names, all of it for this cluster. */
  redisUrl?: string;
  /** Note what gateways and workers ask of MySQL. */
  tapMysql?: boolean;
}

export type ClusterRole = 'gateway' | 'worker';

/** Gateways and workers as processes of their own, on the real servers that the environment names. */
export interface Cluster extends Target, AsyncDisposable {
  gateways: ClusterProcess[];
  workers: ClusterProcess[];
  controllers: ClusterProcess[];
  stores: ClusterStores;
  /** With `tapMysql`. */
  taps: { gateway: MysqlTap; worker: MysqlTap } | undefined;
  /** Starts one more; resolves when it is ready. */
  addWorker(): Promise<ClusterProcess>;
  /** What all processes wrote, the newest of it. */
  log(): string;
}

/**
 * A cluster on databases of its own. Topics have fixed names, and channels of Redis belong to the whole server: one
 * cluster at a time, and names of users and groups that no other run uses.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const stores = stack.use(await openStores(options.redisUrl));
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'seqline-test-'));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const secret = randomBytes(32).toString('hex');
  const common = {
    ...stores.env,
    DATA_DIR: dataDir,
    HOST: '127.0.0.1',
    AUTH_JWT_SECRET: secret,
    DRAIN_MS: '0',
    ...options.env,
  };
  await runRole('migrate', common);
  const taps = options.tapMysql ? await openTaps(stores, stack) : undefined;

  const run = randomBytes(4).toString('hex');
  const create = (role: LongRole, index: number) => {
    const name = `${role}-${index}-${run}`;
    if (role === 'controller') return createClusterProcess({ role, name, env: common });
    const env = taps ? { ...common, MYSQL_URL: taps[role].url } : common;
    return createClusterProcess({ role, name, env: options.envOf?.(role, env) ?? env });
  };
  const gateways = await createAll(options.gateways, (index) => create('gateway', index));
  const workers = await createAll(options.workers, (index) => create('worker', index));
  const controllers = await createAll(options.controllers ?? 0, (index) => create('controller', index));
  const everyone = () => [...gateways, ...workers, ...controllers];
  stack.defer(async () => {
    await Promise.all(everyone().map((member) => member.stop()));
  });
  await Promise.all(everyone().map((member) => member.start()));

  const cleanups: (() => void)[] = [];
  stack.defer(() => {
    for (const cleanup of cleanups) cleanup();
  });
  let turn = 0;
  const owned = stack.move();
  return {
    secret,
    gateways,
    workers,
    controllers,
    stores,
    taps,
    nextUrl: () => gateways[turn++ % gateways.length]!.url,
    own: () => {
      throw new Error('A cluster has no one process.');
    },
    onStop: (cleanup) => void cleanups.push(cleanup),
    log: () => everyone().map(logOf).join('\n'),
    async addWorker() {
      const worker = await create('worker', workers.length);
      workers.push(worker);
      await worker.start();
      return worker;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openTaps({ mysqlUrl }: ClusterStores, stack: AsyncDisposableStack) {
  return {
    gateway: stack.use(await openMysqlTap(mysqlUrl)),
    worker: stack.use(await openMysqlTap(mysqlUrl)),
  };
}

async function createAll<T>(count: number, create: (index: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let index = 0; index < count; index++) all.push(await create(index));
  return all;
}

function logOf({ name, log }: ClusterProcess): string {
  return `--- ${name}\n${log()}`;
}
