import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { endOf, findK6, startK6, THRESHOLDS_CROSSED } from '../../scripts/load/k6.ts';
import { requireLinux } from '../bench/preconditions.ts';
import type { Report } from '../k6/report.ts';
import { watchUse } from './resources.ts';
import { searchRate } from './search.ts';
import { type Step, stepLine, whatEnded } from './verdict.ts';

/** Of `chat`: the highest rate at which its thresholds hold, and what was full above it. */
const FIRST_RATE = 50;
const RATE_MAX = 100_000;
const DURATION = '20s';
const METRICS_FALLBACK = 'http://127.0.0.1:9100/metrics';
/** Messages a second of one user: few, so that nobody meets the limit of a session. */
const USER_RATE = 10;
const USERS_LEAST = 20;
/** A machine that did something else for a moment shall not end the search: a rate fails when it failed so often. */
const ATTEMPTS = 2;

const { env } = process;
const metricsUrls = (env.METRICS_URLS || (env.BASE_URL ? '' : METRICS_FALLBACK)).split(',').filter(Boolean);

let running: ChildProcess | undefined;
process.once('exit', () => void running?.kill('SIGKILL'));

try {
  requireLinux();
  await search(findK6());
} catch (error) {
  console.error(`capacity: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function search(k6: string): Promise<void> {
  const failed = new Map<number, Step>();
  const max = Number(env.RATE_MAX || RATE_MAX);
  const { holds, fails } = await searchRate(Number(env.RATE || FIRST_RATE), max, async (rate) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const step = await chatAt(k6, rate);
      console.log(stepLine(step));
      if (step.failed.length === 0) return true;
      failed.set(rate, step);
    }
    return false;
  });
  console.log(`\nThe thresholds hold at ${holds} messages a second.`);
  if (fails === undefined) console.log(`No higher rate was tried: RATE_MAX is ${max}.`);
  else {
    console.log(`At ${fails} they do not. What was full there:`);
    for (const reason of whatEnded(failed.get(fails)!)) console.log(`  ${reason}`);
  }
}

async function chatAt(program: string, rate: number): Promise<Step> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'seqline-capacity-'));
  const users = env.USERS || String(Math.max(USERS_LEAST, 2 * Math.ceil(rate / USER_RATE / 2)));
  try {
    const settings = { DURATION, ...env, RATE: String(rate), USERS: users, SUMMARY_DIR: folder };
    const k6 = startK6(program, 'chat', settings, ['--quiet', '--no-color'], 'pipe');
    running = k6;
    let output = '';
    for (const stream of [k6.stdout!, k6.stderr!]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        output += part;
      });
    }
    const ended = new AbortController();
    const end = endOf(k6).finally(() => ended.abort());
    const [code, use] = await Promise.all([end, watchUse(k6.pid!, metricsUrls, ended.signal)]);
    if (code !== 0 && code !== THRESHOLDS_CROSSED) throw new Error(`k6 ended with ${code}:\n${output}`);
    const report: Report = JSON.parse(await readFile(path.join(folder, 'chat.json'), 'utf8'));
    return stepOf(rate, report, use);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function stepOf(rate: number, { thresholds, trends, settings }: Report, use: Step['use']): Step {
  const p99 = (name: string) => trends[name]?.['p(99)'] ?? Number.POSITIVE_INFINITY;
  return {
    rate,
    failed: thresholds.filter(({ ok }) => !ok).map(({ metric }) => metric),
    sentP99Ms: p99('im_sent_latency'),
    deliveredP99Ms: p99('im_delivered_latency'),
    lateP99Ms: p99('im_late'),
    limitMs: settings.sentP99Ms,
    use,
  };
}
