import { runProgram } from './program.ts';

const REQUESTS = 300_000;
/** The commands of a batch of the worker go out together, too. */
const PIPELINED = 16;

/** Increments a second that Redis's own benchmark makes, over as many keys as the workload has conversations. */
export async function redisIncrementsPerSecond(redisUrl: string): Promise<number> {
  const output = await runProgram('redis-benchmark', [
    ...['-u', redisUrl, '-t', 'incr', '-n', String(REQUESTS), '-P', String(PIPELINED), '-r', '100', '--csv'],
  ]);
  const rate = /^"INCR","([\d.]+)"/m.exec(output)?.[1];
  if (!rate) throw new Error(`redis-benchmark gave no rate:\n${output}`);
  return Number(rate);
}

/** Whether redis-benchmark is installed; in Debian it is of the package redis-tools. */
export async function hasRedisBenchmark(): Promise<boolean> {
  return await runProgram('redis-benchmark', ['--version']).then(
    () => true,
    () => false,
  );
}
