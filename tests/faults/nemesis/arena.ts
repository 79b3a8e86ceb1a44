import { until } from '../../contract/wait.ts';
import { type Cluster, type ClusterRole, startCluster } from '../../harness/cluster.ts';
import { type ClusterProcess, isReady } from '../../harness/cluster-process.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { NO_LAB } from '../../harness/lab.ts';
import { DURABLE, noOwnRedis, type OwnRedis, startOwnRedis } from '../../harness/own-redis.ts';
import type { Environment } from '../../harness/own-server.ts';
import { NO_TOXIPROXY, startToxiproxy, type Way } from '../../harness/toxiproxy.ts';
import { type Clocks, clockFaults, openClocks } from './clock-fault.ts';
import type { Fault } from './fault.ts';
import { processFaults, zombieFault } from './process-faults.ts';
import { rebalanceFault, untilMembers } from './rebalance-fault.ts';
import { readOnlyFault, redisFaults, serverFaults } from './server-faults.ts';
import { wayFaults } from './way-faults.ts';
import { openWays } from './ways.ts';

const { MYSQL_ADMIN_URL } = process.env;

/** For `skip` of tests in the arena. Those that need ways skip for `NO_TOXIPROXY` too. */
export const NO_ARENA: string | false =
  NO_SERVERS ||
  NO_LAB ||
  noOwnRedis ||
  (!MYSQL_ADMIN_URL && 'set MYSQL_ADMIN_URL, as which MySQL can be made read-only');

const PROCESSES = { gateways: 2, workers: 2 };
const SETTINGS: Environment = {
  MESSAGES_PER_SECOND: '1000',
  HEARTBEAT_INTERVAL_MS: '2000',
  HEARTBEAT_TIMEOUT_MS: '20000',
  DRAIN_MS: '1000',
};
const READY_MS_MAX = 90_000;
/** Beyond the time after which a silent worker is no member any more, and that in which the others take over. */
const EXPELLED_MS_MAX = 60_000;

/** A cluster in which everything can go wrong: its Redis is its own, and its ways to the stores can be spoiled. */
export interface Arena extends AsyncDisposable {
  cluster: Cluster;
  /** What may happen to processes and servers. */
  faults: Fault[];
  /** What may happen to each role's way to each store; empty without toxiproxy. */
  wayFaults: Fault[];
  /** A worker sleeps until the others have its partitions, and wakes. */
  zombie: Fault;
  /** Resolves when every process serves again. */
  recovered(): Promise<void>;
}

export async function openArena(): Promise<Arena> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await startOwnRedis(...DURABLE));
  const ways = NO_TOXIPROXY ? undefined : await openWays(stack.use(await startToxiproxy()), redis.port);
  const clocks = stack.use(await openClocks());
  const envOf = (role: ClusterRole, common: Environment) => {
    const clocked = { ...common, ...clocks.env };
    return ways?.detoured(role, clocked) ?? clocked;
  };
  const cluster = stack.use(await startCluster({ ...PROCESSES, env: SETTINGS, redisUrl: redis.url, envOf }));
  const owned = stack.move();
  return {
    cluster,
    faults: faultsOf(cluster, redis, clocks),
    wayFaults: (ways?.all ?? ([] as Way[])).flatMap(wayFaults),
    zombie: zombieOf(cluster),
    recovered: () => recovered(cluster),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function faultsOf({ gateways, workers, stores }: Cluster, redis: OwnRedis, clocks: Clocks): Fault[] {
  return [
    ...gateways.flatMap((gateway, index) => processFaults(gateway, `gateway ${index}`)),
    ...workers.flatMap((worker, index) => processFaults(worker, `worker ${index}`)),
    ...clockFaults(gateways[0]!, 'gateway 0', clocks),
    ...serverFaults('mysql'),
    readOnlyFault(MYSQL_ADMIN_URL!),
    ...serverFaults('kafka'),
    ...redisFaults(redis),
    rebalanceFault(stores.kafka),
  ];
}

function zombieOf({ workers, stores }: Cluster): Fault {
  const members = (count: number) => untilMembers(stores.kafka, count, EXPELLED_MS_MAX);
  return zombieFault(workers[0]!, 'worker 0', {
    // A member that was killed a while ago may still be counted.
    complete: () => members(workers.length),
    expelled: () => members(workers.length - 1),
  });
}

async function recovered({ gateways, workers }: Cluster): Promise<void> {
  const processes: ClusterProcess[] = [...gateways, ...workers];
  for (const { name, internalUrl } of processes) {
    await until(`${name} is ready`, () => isReady(`${internalUrl}/readyz`), READY_MS_MAX);
  }
}
