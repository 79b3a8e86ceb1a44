import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

/** For `skip` of tests that start one. */
export const NO_PROMETHEUS: string | false = spawnSync('prometheus', ['--version']).error
  ? 'Prometheus is not installed'
  : false;

/** A sample's value at each moment that was asked for, as text: Prometheus says NaN, too. */
export interface Series {
  metric: Record<string, string>;
  values: [time: number, value: string][];
}

export interface Rule {
  name: string;
  type: 'recording' | 'alerting';
  query: string;
  health: 'ok' | 'err' | 'unknown';
  lastError?: string;
  state?: 'inactive' | 'pending' | 'firing';
}

export interface PrometheusOptions {
  /** host:port, by job. */
  jobs: Record<string, string[]>;
  ruleFiles: string[];
}

export interface Prometheus extends AsyncDisposable {
  /** What the expression gives, second by second, from the start until now. Throws with what Prometheus says of it. */
  range(expr: string): Promise<Series[]>;
  rules(): Promise<Rule[]>;
}

/** A Prometheus with data of its own, which scrapes and evaluates every second. */
export async function startPrometheus({ jobs, ruleFiles }: PrometheusOptions): Promise<Prometheus> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'seqline-prometheus-'));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(jobs).map(([job_name, targets]) => ({
      job_name,
      static_configs: [{ targets }],
    })),
  };
  const configFile = path.join(dir, 'prometheus.yml');
  // What is JSON is YAML too.
  await writeFile(configFile, JSON.stringify(config));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${path.join(dir, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const startedAt = Date.now() / 1000;

  async function ask<T>(call: string, parameters: Record<string, string> = {}): Promise<T> {
    const answer = await fetch(`${url}/api/v1/${call}?${new URLSearchParams(parameters)}`);
    const body = (await answer.json()) as { status: string; data: T; error?: string };
    if (body.status !== 'success') throw new Error(`${parameters.query ?? call}: ${body.error}`);
    return body.data;
  }

  await eventually('Prometheus is ready', async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    return answer?.ok;
  });
  return {
    async range(query) {
      const [start, end] = [String(startedAt), String(Date.now() / 1000)];
      const { result } = await ask<{ result: Series[] }>('query_range', { query, start, end, step: '1' });
      return result;
    },
    async rules() {
      const { groups } = await ask<{ groups: { rules: Rule[] }[] }>('rules');
      return groups.flatMap(({ rules }) => rules);
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
