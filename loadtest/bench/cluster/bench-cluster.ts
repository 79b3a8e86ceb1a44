import { type Cluster, startCluster } from '../../../tests/harness/cluster.ts';
import type { ClusterProcess } from '../../../tests/harness/cluster-process.ts';
import type { Door } from '../seqline-client.ts';

/** Two gateways and two workers, with limits that do not get into the way. */
export function startBenchCluster(profileDir: string | undefined): Promise<Cluster> {
  const env: Record<string, string> = {
    LOG_LEVEL: 'warn',
    MESSAGES_PER_SECOND: '1000000',
    CONNECTIONS_PER_USER: '1000',
    HEARTBEAT_TIMEOUT_MS: '3600000',
  };
  if (profileDir) env.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${profileDir}`;
  return startCluster({ gateways: 2, workers: 2, env });
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
    const metrics = await (await fetch(`${internalUrl}/metrics`)).text();
    sum.events += metricOf(metrics, 'im_worker_batch_size_sum');
    sum.batches += metricOf(metrics, 'im_worker_batch_size_count');
  }
  return sum;
}

export function meanBatch(before: Batches, after: Batches): number {
  return (after.events - before.events) / (after.batches - before.batches);
}

function metricOf(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
}
