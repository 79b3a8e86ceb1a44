import { accessSync, constants, writeFileSync } from 'node:fs';
import path from 'node:path';
import { HELP, type Options, parseOptions } from './options.ts';
import { diskWarning, requireLinuxWithFiles } from './preconditions.ts';
import { json, loadLine, type Measurements, table } from './report.ts';
import { startBare, startSeqline } from './servers.ts';
import type { Measurement } from './workload.ts';
import { WORKLOADS, type WorkloadName } from './workloads.ts';

// Whatever goes wrong in a socket's callback ends the run, with its servers, here.
process.on('uncaughtException', fail);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

const options = parse();
if (options.help) console.log(HELP);
else await run(options);

async function run({ only, seconds, json: file, profileDir }: Options): Promise<void> {
  requireLinuxWithFiles();
  const warning = diskWarning();
  if (warning) console.error(`bench: ${warning}`);
  if (file) accessSync(path.dirname(file), constants.W_OK);
  const measurements: Measurements = {};
  for (const name of only) {
    process.stderr.write(`${name} …\n`);
    measurements[name] = await measure(name, seconds, profileDir);
  }
  console.log(`\n${table(measurements)}\n\n${loadLine()}`);
  if (file) writeFileSync(file, json(measurements));
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

function parse(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
