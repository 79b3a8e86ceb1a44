import calculateSlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';
import { closeRedis, createRedis, type RedisConnectionOptions, untilReady } from './redis-connection.ts';
import { execute } from './redis-errors.ts';
import type { Shards } from './redis-shards.ts';

const SLOTS = 16_384;
/** How often the cluster is asked who holds what: for so long a slot that has moved is out of reach. */
const REFRESH_MS = 1000;
/** In place of an address that the cluster does not know. */
const UNKNOWN_HOST = '?';

/** As CLUSTER SLOTS tells it. The host is empty where it is that of whoever was asked. */
type SlotRange = [
  first: number,
  last: number,
  primary: [host: string | null, port: number],
  ...replicas: unknown[],
];

/**
 * The primaries of the Redis Cluster to which the URL leads, each by a connection as to a single server. The driver's own
 * cluster sends a command again, to another server, where one has moved or died: but the epochs of inboxes stand on a
 * command having gone to the server whose life it names.
 */
export function createRedisCluster({ url, onError }: RedisConnectionOptions): Shards {
  /** Whoever the URL leads to is asked for the others, and for nothing else. */
  const entrance = createRedis({ url, onError });
  const servers = new Map<string, Redis>();
  const listeners = new Set<() => void>();
  let bySlot: (Redis | undefined)[] | undefined;
  let fault = 'nobody was asked yet who holds what';
  let asking: Promise<void> | undefined;
  let turn = 0;
  const timer = setInterval(ask, REFRESH_MS).unref();

  function ask(): Promise<void> {
    asking ??= askOne().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  /** Another one each time: one that is cut off from the others does not know what they know. */
  async function askOne(): Promise<void> {
    const reachable = [entrance, ...servers.values()].filter(({ status }) => status === 'ready');
    const asked = reachable[turn++ % reachable.length];
    if (!asked) return;
    try {
      const [info, ranges] = await execute(asked.pipeline().cluster('INFO').cluster('SLOTS'));
      if (/^cluster_state:ok/m.test(info as string)) take(ranges as SlotRange[], asked.options.host!);
      else fault = 'the cluster is down, or does not hold all slots';
    } catch (error) {
      fault = (error as Error).message;
      onError(error);
    }
  }

  function take(ranges: SlotRange[], askedHost: string): void {
    const next = new Array<Redis | undefined>(SLOTS).fill(undefined);
    const present = new Set<string>();
    for (const [first, last, [host, port]] of ranges) {
      if (host === UNKNOWN_HOST) continue;
      const address = addressed(url, host || askedHost, port);
      present.add(address);
      const server = servers.get(address) ?? createRedis({ url: address, onError });
      servers.set(address, server);
      next.fill(server, first, last + 1);
    }
    const moved = bySlot?.some((server, slot) => server !== next[slot]);
    bySlot = next;
    for (const [address, server] of servers) {
      if (present.has(address)) continue;
      servers.delete(address);
      void closeRedis(server);
    }
    if (moved) for (const listener of listeners) listener();
  }

  return {
    sharded: true,

    of(name) {
      const slot = calculateSlot(name);
      const server = bySlot?.[slot];
      if (!server) throw new StoreUnavailable('redis', bySlot ? `nobody holds slot ${slot}` : fault);
      return server;
    },

    all() {
      if (!bySlot) throw new StoreUnavailable('redis', fault);
      return [...servers.values()];
    },

    onMoved(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async ready() {
      await untilReady(entrance);
      await ask();
      if (!bySlot) throw new StoreUnavailable('redis', fault);
      await Promise.all([...servers.values()].map((server) => untilReady(server)));
    },

    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.all([entrance, ...servers.values()].map(closeRedis));
    },
  };
}

function addressed(url: string, host: string, port: number): string {
  const address = new URL(url);
  address.hostname = host.includes(':') ? `[${host}]` : host;
  address.port = String(port);
  return address.href;
}
