import { type Cluster, startCluster } from '../../../tests/harness/cluster.ts';
import type { ClusterProcess } from '../../../tests/harness/cluster-process.ts';
import type { Environment } from '../../../tests/harness/own-server.ts';
import { readMetrics } from '../../../tests/harness/read-metrics.ts';
import { closeAllClients } from '../frame-client.ts';
import type { Door } from '../seqline-client.ts';

const ENV = {
  LOG_LEVEL: 'warn',
  MESSAGES_PER_SECOND: '1000000',
  CONNECTIONS_PER_USER: '1000',
  HEARTBEAT_TIMEOUT_MS: '3600000',
};

/** How many processes of a kind; two where nothing is said. */
export interface Counts {
  gateways?: number;
  workers?: number;
}

/** Gateways and workers, with limits that do not get into the way. */
export async function startBenchCluster(
  env: Environment,
  { gateways = 2, workers = 2 }: Counts,
): Promise<Cluster> {
  const cluster = await startCluster({ gateways, workers, env: { ...ENV, ...env } });
  return {
    ...cluster,
    async [Symbol.asyncDispose]() {
      closeAllClients();
      await cluster[Symbol.asyncDispose]();
    },
  };
}

/** The way in at one of the gateways. */
export function doorOf({ secret, gateways }: Cluster, index: number): Door {
  return { port: Number(new URL(gateways[index]!.url).port), secret };
}

export function pidsOf(processes: ClusterProcess[]): number[] {
  return processes.map((one) => one.pid());
}

/** Events that the workers were handed, and in how many batches, since they started. */
export interface Batches {
  events: number;
  batches: number;
}

export async function batchesOf({ workers }: Cluster): Promise<Batches> {
  const sum = { events: 0, batches: 0 };
  for (const { internalUrl } of workers) {
    const metrics = await readMetrics(internalUrl);
    sum.events += metrics.value('im_worker_batch_size_sum');
    sum.batches += metrics.value('im_worker_batch_size_count');
  }
  return sum;
}

export function meanBatch(before: Batches, after: Batches): number {
  return (after.events - before.events) / (after.batches - before.batches);
}
