import { parseArgs } from 'node:util';
import { secondsWithin } from '../options.ts';

export interface ClusterOptions {
  seconds: number;
  flat: boolean;
  json: string | undefined;
  profileDir: string | undefined;
  help: boolean;
}

export const HELP = `Measures two gateways and two workers beside what their servers do by themselves, on this machine.

  npm run bench:cluster [-- options]

  --flat            show instead that a message costs as much among 100,000 conversations as among 1,000, and with
                    1,000,000 messages stored as with none
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
      flat: { type: 'boolean', default: false },
      seconds: { type: 'string', default: SECONDS.fallback },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  const { flat, json, profile: profileDir, help } = values;
  return { flat, seconds: secondsWithin(values.seconds, SECONDS), json, profileDir, help };
}
