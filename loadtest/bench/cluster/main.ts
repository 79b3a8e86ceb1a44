import { runCommand } from '../command.ts';
import { requireLinux } from '../preconditions.ts';
import type { Measurements } from '../report.ts';
import { startBenchCluster } from './bench-cluster.ts';
import { measureFlatCost } from './flat-cost.ts';
import { type ClusterOptions, HELP, parseOptions } from './options.ts';
import { measureTraffic } from './traffic.ts';

await runCommand({ name: 'bench:cluster', help: HELP, parse: parseOptions, measure });

async function measure({ flat, seconds, profileDir }: ClusterOptions): Promise<Measurements> {
  requireLinux();
  const missing = ['MYSQL_URL', 'REDIS_URL', 'KAFKA_BROKERS'].filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`Set ${missing.join(', ')}: see --help.`);
  await using cluster = await startBenchCluster(profileDir);
  return flat ? await measureFlatCost(cluster, seconds) : await measureTraffic(cluster, seconds);
}
