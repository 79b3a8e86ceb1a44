import { createRedisCluster } from './redis-cluster.ts';
import type { RedisConnectionOptions } from './redis-connection.ts';
import { createSingleRedis, type Shards } from './redis-shards.ts';

/** `cluster`: the URL leads to a server of a Redis Cluster, whichever. */
export function openRedis({ cluster, ...options }: RedisConnectionOptions & { cluster: boolean }): Shards {
  return cluster ? createRedisCluster(options) : createSingleRedis(options);
}
