import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * A Prometheus that scrapes the processes of this machine, with the rules of grafana/alerts, and a Grafana with the
 * dashboards where one is installed. What they keep is gone when they end, with Ctrl-C.
 */
const TARGETS = process.argv.length > 2 ? process.argv.slice(2) : ['127.0.0.1:9100'];
const PROMETHEUS = '127.0.0.1:9090';
const GRAFANA_PORT = '3000';
const GRAFANA_DIR = path.join(import.meta.dirname, '../grafana');
const GRAFANA_HOMES = ['/usr/share/grafana', '/opt/homebrew/opt/grafana/share/grafana'];

const dir = await mkdtemp(path.join(os.tmpdir(), 'seqline-observe-'));
const children: ChildProcess[] = [];
try {
  if (!isInstalled('prometheus')) {
    throw new Error(
      'Prometheus is not installed: https://prometheus.io/download, or `apt-get install prometheus`.',
    );
  }
  children.push(await startPrometheus());
  print(`Prometheus  http://${PROMETHEUS}/alerts, scraping ${TARGETS.join(', ')}`);
  if (isInstalled('grafana')) {
    children.push(startGrafana());
    print(`Grafana     http://127.0.0.1:${GRAFANA_PORT}/dashboards`);
  } else print('Grafana     is not installed: https://grafana.com/grafana/download');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  await Promise.race(children.map((child) => once(child, 'exit')));
} catch (error) {
  print((error as Error).message);
  process.exitCode = 1;
} finally {
  stop();
  await Promise.all(children.map((child) => child.exitCode === null && once(child, 'exit')));
  await rm(dir, { recursive: true, force: true });
}

async function startPrometheus(): Promise<ChildProcess> {
  const config = {
    global: { scrape_interval: '5s', evaluation_interval: '15s' },
    rule_files: [path.join(GRAFANA_DIR, 'alerts/*.yaml')],
    scrape_configs: [{ job_name: 'seqline', static_configs: [{ targets: TARGETS }] }],
  };
  const file = path.join(dir, 'prometheus.yml');
  // What is JSON is YAML too.
  await writeFile(file, JSON.stringify(config));
  return spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${path.join(dir, 'prometheus')}`,
      `--web.listen-address=${PROMETHEUS}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
}

/** Whoever opens it on this machine may look, and change nothing. */
function startGrafana(): ChildProcess {
  const home = GRAFANA_HOMES.find((candidate) => existsSync(candidate));
  const env = {
    ...process.env,
    GF_PATHS_PROVISIONING: path.join(GRAFANA_DIR, 'provisioning'),
    GF_PATHS_DATA: path.join(dir, 'grafana'),
    GF_PATHS_LOGS: path.join(dir, 'grafana'),
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: GRAFANA_PORT,
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    PROMETHEUS_URL: `http://${PROMETHEUS}`,
  };
  const args = ['server', ...(home ? ['--homepath', home] : [])];
  return spawn('grafana', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function stop(): void {
  for (const child of children) child.kill('SIGTERM');
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
