import { parseArgs } from 'node:util';
import { secondsWithin } from '../options.ts';
import { SUBJECTS, type SubjectName } from './subjects.ts';

export interface ClusterOptions {
  subject: SubjectName;
  seconds: number;
  json: string | undefined;
  profileDir: string | undefined;
  help: boolean;
}

const NAMES = Object.keys(SUBJECTS);

export const HELP = `Measures gateways and workers beside what their servers do by themselves, on this machine.

  npm run bench:cluster [-- options]

  --of <subject>    one of these; default traffic
${Object.entries(SUBJECTS)
  .map(([name, { about }]) => `                      ${name.padEnd(10)} ${about}`)
  .join('\n')}
  --seconds <n>     length of each round, 1 to 30; default 3
  --json <file>     write the measurements there as JSON
  --profile <dir>   write a CPU profile of each process there; it costs a few per cent
  --help            show this

MYSQL_URL, REDIS_URL and KAFKA_BROKERS name the servers. The run makes a database of its own and removes seqline's topics,
so give it servers on which no other seqline runs. KAFKA_PERF_TEST names Kafka's producer test, as does KAFKA_HOME where
Kafka is installed; redis-benchmark is taken from the PATH. See docs/benchmarks.md.
`;

const SECONDS = { fallback: '3', min: 1, max: 30 };

/** Throws an `Error` that says what is wrong with the arguments. */
export function parseOptions(args: string[]): ClusterOptions {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      of: { type: 'string', default: 'traffic' },
      seconds: { type: 'string', default: SECONDS.fallback },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  const { of, json, profile: profileDir, help } = values;
  return {
    subject: subjectName(of),
    seconds: secondsWithin(values.seconds, SECONDS),
    json,
    profileDir,
    help,
  };
}

function subjectName(name: string): SubjectName {
  if (Object.hasOwn(SUBJECTS, name)) return name as SubjectName;
  throw new Error(`--of takes ${NAMES.join(', ')}, and "${name}" is none of them.`);
}
