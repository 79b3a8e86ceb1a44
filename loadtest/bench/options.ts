import { parseArgs } from 'node:util';
import { WORKLOADS, type WorkloadName } from './workloads.ts';

export interface Options {
  only: WorkloadName[];
  seconds: number;
  json: string | undefined;
  profileDir: string | undefined;
  help: boolean;
}

export const HELP = `Measures a standalone server against a bare \`ws\` server on this machine.

  npm run bench [-- options]

  --only <names>    comma list of ${Object.keys(WORKLOADS).join(', ')}; default all
  --seconds <n>     length of each round of heartbeat, direct and group_fanout, 0.5 to 60; default 3
  --json <file>     write the measurements there as JSON
  --profile <dir>   write a CPU profile of the server for each workload there; it costs a few per cent
  --help            show this

The server writes to the directory for temporary files: point TMPDIR at the disk that you want to measure.
Every workload has servers of its own, on free ports of the loopback interface. All takes about two minutes.
`;

const SECONDS = { fallback: '3', min: 0.5, max: 60 };

/** Throws an `Error` that says what is wrong with the arguments. */
export function parseOptions(args: string[]): Options {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      only: { type: 'string', default: Object.keys(WORKLOADS).join(',') },
      seconds: { type: 'string', default: SECONDS.fallback },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  const seconds = secondsWithin(values.seconds, SECONDS);
  const only = values.only.split(',').map(workloadName);
  return { only, seconds, json: values.json, profileDir: values.profile, help: values.help };
}

export function secondsWithin(text: string, { min, max }: { min: number; max: number }): number {
  const seconds = Number(text);
  if (seconds >= min && seconds <= max) return seconds;
  throw new Error(`--seconds must be a number from ${min} to ${max}.`);
}

function workloadName(name: string): WorkloadName {
  if (Object.hasOwn(WORKLOADS, name)) return name as WorkloadName;
  throw new Error(`--only takes ${Object.keys(WORKLOADS).join(', ')}, and "${name}" is none of them.`);
}
