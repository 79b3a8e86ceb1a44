import type { Environment } from '../../../tests/harness/own-server.ts';
import { runCommand } from '../command.ts';
import { requireLinux } from '../preconditions.ts';
import type { Measurements } from '../report.ts';
import { startBenchCluster } from './bench-cluster.ts';
import { type ClusterOptions, HELP, parseOptions } from './options.ts';
import { type StartCluster, SUBJECTS } from './subjects.ts';

await runCommand({ name: 'bench:cluster', help: HELP, parse: parseOptions, measure });

async function measure({ subject, seconds, profileDir }: ClusterOptions): Promise<Measurements> {
  requireLinux();
  const missing = ['MYSQL_URL', 'REDIS_URL', 'KAFKA_BROKERS'].filter((name) => !process.env[name]);
  if (missing.length > 0) throw new Error(`Set ${missing.join(', ')}: see --help.`);
  const profiled: Environment = profileDir ? { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDir}` } : {};
  const start: StartCluster = (env, counts = {}) => startBenchCluster({ ...profiled, ...env }, counts);
  return await SUBJECTS[subject].measure(start, seconds);
}
