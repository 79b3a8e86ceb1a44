import type { Cluster } from '../../../tests/harness/cluster.ts';
import { cpuSeconds, listenerOf } from '../procfs.ts';
import { pidsOf } from './bench-cluster.ts';

/** Seconds of CPU by part, or microseconds of it for one of something. */
export type ByPart = Map<string, number>;

/** What each part of a system has used since it started, in seconds. */
export function cpuOf({ gateways, workers, stores }: Cluster): ByPart {
  const server = (url: string) => listenerOf(Number(new URL(url).port));
  return new Map([
    ['gateways', cpuSeconds(...pidsOf(gateways))],
    ['workers', cpuSeconds(...pidsOf(workers))],
    ['mysql', cpuSeconds(server(stores.env.MYSQL_URL))],
    ['redis', cpuSeconds(server(stores.env.REDIS_URL))],
    ['kafka', cpuSeconds(server(`kafka://${stores.env.KAFKA_BROKERS}`))],
  ]);
}

export function partsNote(micros: ByPart): string {
  return [...micros].map(([part, one]) => `${part} ${one.toFixed(1)}`).join(', ');
}
