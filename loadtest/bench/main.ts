import { runCommand } from './command.ts';
import { HELP, type Options, parseOptions } from './options.ts';
import { diskWarning, requireLinuxWithFiles } from './preconditions.ts';
import type { Measurements } from './report.ts';
import { startBare, startSeqline } from './servers.ts';
import type { Measurement } from './workload.ts';
import { WORKLOADS, type WorkloadName } from './workloads.ts';

await runCommand({ name: 'bench', help: HELP, parse: parseOptions, measure: measureAll });

async function measureAll({ only, seconds, profileDir }: Options): Promise<Measurements> {
  requireLinuxWithFiles();
  const warning = diskWarning();
  if (warning) console.error(`bench: ${warning}`);
  const measurements: Measurements = {};
  for (const name of only) {
    process.stderr.write(`${name} …\n`);
    measurements[name] = await measure(name, seconds, profileDir);
  }
  return measurements;
}

async function measure(
  name: WorkloadName,
  seconds: number,
  profileDir: string | undefined,
): Promise<Measurement> {
  await using seqline = await startSeqline(profileDir);
  await using bare = await startBare();
  return await WORKLOADS[name]({ seqline, bare }, seconds);
}
