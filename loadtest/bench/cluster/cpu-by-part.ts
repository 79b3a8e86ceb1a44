import type { Cluster } from '../../../tests/harness/cluster.ts';
import type { ClusterStores } from '../../../tests/harness/cluster-stores.ts';
import { cpuSeconds, listenerOf } from '../procfs.ts';
import { pidsOf } from './bench-cluster.ts';

/** Seconds of CPU by part, or microseconds of it for one of something. */
export type ByPart = Map<string, number>;

/** What each part of a system has used since it started, in seconds. */
export function cpuOf({ gateways, workers, stores }: Cluster): ByPart {
  return new Map([
    ['gateways', cpuSeconds(...pidsOf(gateways))],
    ['workers', cpuSeconds(...pidsOf(workers))],
    ...cpuOfServers(stores),
  ]);
}

export function cpuOfServers({ env }: ClusterStores): ByPart {
  const server = (url: string) => cpuSeconds(listenerOf(Number(new URL(url).port)));
  return new Map([
    ['mysql', server(env.MYSQL_URL)],
    ['redis', server(env.REDIS_URL)],
    ['kafka', server(`kafka://${env.KAFKA_BROKERS}`)],
  ]);
}

export function partsNote(micros: ByPart): string {
  return [...micros].map(([part, one]) => `${part} ${one.toFixed(1)}`).join(', ');
}
