import calculateSlot from 'cluster-key-slot';
import { Redis } from 'ioredis';
import { until } from '../contract/wait.ts';
import { freePort } from './free-port.ts';
import { type OwnRedis, startOwnRedis } from './own-redis.ts';

const SLOTS = 16_384;
const PRIMARIES = 3;
/** A primary that is silent for this long is taken for dead; the choice of another takes about as long again. */
const NODE_TIMEOUT_MS = 1000;

export interface ClusterNode {
  server: OwnRedis;
  /** For commands of an administrator. */
  admin: Redis;
  id: string;
}

/** A Redis Cluster that a test may harm. */
export interface OwnRedisCluster extends AsyncDisposable {
  /** Of the first primary, unless told otherwise. */
  url: string;
  primaries: ClusterNode[];
  /** The n-th follows the n-th primary; as many, or none. */
  replicas: ClusterNode[];
}

/** Three primaries, each with a replica if told so, in good order. */
export async function startOwnRedisCluster({ replicas }: { replicas: boolean }): Promise<OwnRedisCluster> {
  await using stack = new AsyncDisposableStack();
  const start = async () => {
    const node = await startNode();
    stack.defer(() => {
      node.admin.disconnect();
      return node.server[Symbol.asyncDispose]();
    });
    return node;
  };
  const primaries: ClusterNode[] = [];
  const followers: ClusterNode[] = [];
  for (let i = 0; i < PRIMARIES; i++) {
    primaries.push(await start());
    if (replicas) followers.push(await start());
  }
  const nodes = [...primaries, ...followers];
  await meet(nodes);
  for (const [i, { admin }] of primaries.entries()) {
    await admin.cluster('ADDSLOTSRANGE', firstSlot(i), firstSlot(i + 1) - 1);
  }
  for (const [i, { admin }] of followers.entries()) await admin.cluster('REPLICATE', primaries[i]!.id);
  await until('the cluster is in order', () => inOrder(nodes, followers));
  const owned = stack.move();
  return {
    url: primaries[0]!.server.url,
    primaries,
    replicas: followers,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startNode(): Promise<ClusterNode> {
  const server = await startOwnRedis(
    ...['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
    // By default the port beside the server's own, which may be none.
    ...['--cluster-port', String(await freePort())],
  );
  const admin = new Redis(server.url).on('error', () => {});
  return { server, admin, id: String(await admin.cluster('MYID')) };
}

async function meet(nodes: ClusterNode[]): Promise<void> {
  const [first, ...others] = nodes;
  for (const { admin } of others) {
    const [, busPort] = (await admin.config('GET', 'cluster-port')) as [string, string];
    await first!.admin.cluster('MEET', '127.0.0.1', admin.options.port!, Number(busPort));
  }
  await until('all know each other', async () => {
    const views = await Promise.all(nodes.map(({ admin }) => admin.cluster('NODES') as Promise<string>));
    return views.every((view) => nodes.every(({ id }) => view.includes(id)) && !view.includes('handshake'));
  });
}

async function inOrder(nodes: ClusterNode[], followers: ClusterNode[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map(({ admin }) => admin.cluster('INFO') as Promise<string>));
  const links = await Promise.all(followers.map(({ admin }) => admin.info('replication')));
  return (
    infos.every((info) => info.includes('cluster_state:ok')) &&
    links.every((link) => link.includes('master_link_status:up'))
  );
}

/** As the slots were shared out at the start. */
export function primaryOf({ primaries }: OwnRedisCluster, name: string): ClusterNode {
  return primaries.findLast((_, i) => firstSlot(i) <= calculateSlot(name))!;
}

function firstSlot(primary: number): number {
  return Math.floor((SLOTS * primary) / PRIMARIES);
}

/** Moves a slot with its keys, as `redis-cli --cluster reshard` does. */
export async function moveSlot(
  { primaries }: OwnRedisCluster,
  slot: number,
  from: ClusterNode,
  to: ClusterNode,
): Promise<void> {
  await to.admin.cluster('SETSLOT', slot, 'IMPORTING', from.id);
  await from.admin.cluster('SETSLOT', slot, 'MIGRATING', to.id);
  const keys = (await from.admin.cluster('GETKEYSINSLOT', slot, 1000)) as string[];
  for (const key of keys) await from.admin.migrate('127.0.0.1', to.server.port, key, 0, 5000);
  for (const { admin } of primaries) await admin.cluster('SETSLOT', slot, 'NODE', to.id);
}
