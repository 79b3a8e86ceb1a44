import calculateSlot from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { StoreUnavailable } from '../../ports/errors.ts';
import { closeRedis, createRedis, type RedisConnectionOptions, untilReady } from './redis-connection.ts';
import { inOneWrite } from './redis-errors.ts';
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
export function createRedisCluster(options: RedisConnectionOptions): Shards {
  return new RedisCluster(options);
}

class RedisCluster implements Shards {
  readonly sharded = true;
  private readonly options: RedisConnectionOptions;
  /** Whoever the URL leads to is asked for the others, and for nothing else. */
  private readonly entrance: Redis;
  private readonly servers = new Map<string, Redis>();
  private readonly listeners = new Set<() => void>();
  private readonly timer: NodeJS.Timeout;
  private bySlot: (Redis | undefined)[] | undefined;
  private fault = 'nobody was asked yet who holds what';
  private asking: Promise<void> | undefined;
  private turn = 0;

  constructor(options: RedisConnectionOptions) {
    this.options = options;
    this.entrance = createRedis(options);
    this.timer = setInterval(() => this.ask(), REFRESH_MS).unref();
  }

  of(name: string): Redis {
    const slot = calculateSlot(name);
    const server = this.bySlot?.[slot];
    if (!server) throw new StoreUnavailable('redis', this.bySlot ? `nobody holds slot ${slot}` : this.fault);
    return server;
  }

  all(): Redis[] {
    if (!this.bySlot) throw new StoreUnavailable('redis', this.fault);
    return [...this.servers.values()];
  }

  onMoved(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async ready(): Promise<void> {
    await untilReady(this.entrance);
    await this.ask();
    await Promise.all(this.all().map((server) => untilReady(server)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([this.entrance, ...this.servers.values()].map(closeRedis));
  }

  private ask(): Promise<void> {
    this.asking ??= this.askOne().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** Another one each time: one that is cut off from the others does not know what they know. */
  private async askOne(): Promise<void> {
    const reachable = [this.entrance, ...this.servers.values()].filter(({ status }) => status === 'ready');
    const asked = reachable[this.turn++ % reachable.length];
    if (!asked) return;
    try {
      const [info, ranges] = await inOneWrite(asked, () => [asked.cluster('INFO'), asked.cluster('SLOTS')]);
      if (/^cluster_state:ok/m.test(String(info)))
        this.take(ranges as unknown as SlotRange[], asked.options.host!);
      else this.fault = 'the cluster is down, or does not hold all slots';
    } catch (error) {
      this.fault = (error as Error).message;
      this.options.onError(error);
    }
  }

  private take(ranges: SlotRange[], askedHost: string): void {
    const { url, onError } = this.options;
    const next = new Array<Redis | undefined>(SLOTS).fill(undefined);
    const present = new Set<string>();
    for (const [first, last, [host, port]] of ranges) {
      if (host === UNKNOWN_HOST) continue;
      const address = addressed(url, host || askedHost, port);
      present.add(address);
      const server = this.servers.get(address) ?? createRedis({ url: address, onError });
      this.servers.set(address, server);
      next.fill(server, first, last + 1);
    }
    const moved = this.bySlot?.some((server, slot) => server !== next[slot]);
    this.bySlot = next;
    for (const [address, server] of this.servers) {
      if (present.has(address)) continue;
      this.servers.delete(address);
      void closeRedis(server);
    }
    if (moved) for (const listener of this.listeners) listener();
  }
}

function addressed(url: string, host: string, port: number): string {
  const address = new URL(url);
  address.hostname = host.includes(':') ? `[${host}]` : host;
  address.port = String(port);
  return address.href;
}
