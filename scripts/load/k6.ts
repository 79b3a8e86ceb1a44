import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const PROJECT = path.join(import.meta.dirname, '../..');
const MAJOR = '2';
/** What k6 ends with where a threshold does not hold, and nothing else went wrong. */
export const THRESHOLDS_CROSSED = 99;

export const SCENARIOS = ['connect-storm', 'chat', 'group', 'catch-up', 'soak', 'rollout'];

/** The program that `K6` names, else `k6` on the PATH. Throws an `Error` that says what is missing. */
export function findK6(): string {
  const program = process.env.K6 || 'k6';
  const { stdout, error } = spawnSync(program, ['version'], { encoding: 'utf8' });
  if (error) {
    throw new Error(
      `k6 is not installed: https://grafana.com/docs/k6/latest/set-up/install-k6/. K6 may name the program (now ${program}).`,
    );
  }
  const version = /v(\d+)\.\d+\.\d+\S*/.exec(stdout);
  if (version?.[1] === MAJOR) return program;
  throw new Error(`The load tests want k6 ${MAJOR}, and ${program} is ${version?.[0] ?? stdout.trim()}.`);
}

/** Runs a scenario with the environment given. The summary's folder is made. */
export function startK6(
  program: string,
  scenario: string,
  env: NodeJS.ProcessEnv,
  args: string[] = [],
  stdio: 'inherit' | 'pipe' = 'inherit',
): ChildProcess {
  const folder = path.resolve(PROJECT, env.SUMMARY_DIR || 'loadtest/results');
  mkdirSync(folder, { recursive: true });
  const script = path.join(PROJECT, 'loadtest', `${scenario}.ts`);
  return spawn(program, ['run', ...args, script], {
    cwd: PROJECT,
    env: { ...env, SUMMARY_DIR: folder },
    stdio: ['ignore', stdio, stdio],
  });
}

/** The exit status, once all that it wrote is read; 1 for a program that a signal ended. */
export async function endOf(child: ChildProcess): Promise<number> {
  const [code] = await once(child, 'close');
  return code ?? 1;
}
