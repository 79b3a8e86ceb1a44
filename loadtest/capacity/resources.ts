import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from '../bench/procfs.ts';

const SAMPLE_MS = 1000;
const ANSWER_MS_MAX = 5000;

/** What a process of the server says of itself. */
export interface ServerUse {
  url: string;
  /** CPUs that it kept busy; undefined where it did not answer. */
  cores: number | undefined;
  /** Of each second, how long 1 % of what its event loop had to do waited at least: the worst second. */
  lagMs: number | undefined;
}

/** What was used while something ran, on average over the middle of it. */
export interface Use {
  k6Cores: number;
  servers: ServerUse[];
  /** Of all CPUs of this machine, from 0 to 1. */
  idle: number;
  cpus: number;
}

interface Sample {
  atMs: number;
  k6Seconds: number;
  idleMs: number;
  totalMs: number;
  servers: { cpuSeconds: number | undefined; lagMs: number | undefined }[];
}

/** Looks once a second, until the process with that id has ended. */
export async function watchUse(
  pid: number,
  metricsUrls: string[],
  ended: AbortSignal,
): Promise<Use | undefined> {
  const samples: Sample[] = [];
  while (!ended.aborted) {
    const servers = await Promise.all(metricsUrls.map(readMetrics));
    try {
      samples.push({ atMs: performance.now(), k6Seconds: cpuSeconds(pid), ...machineTimes(), servers });
    } catch {
      break; // It has ended between the two looks.
    }
    await pause(SAMPLE_MS, undefined, { signal: ended }).catch(() => {});
  }
  return useOf(samples, metricsUrls);
}

/** Undefined where there is too little to tell. */
function useOf(samples: Sample[], urls: string[]): Use | undefined {
  const middle = samples.slice(Math.floor(samples.length / 4), Math.ceil((samples.length * 3) / 4));
  const [from, to] = [middle[0], middle.at(-1)];
  if (!from || !to || from === to) return undefined;
  const seconds = (to.atMs - from.atMs) / 1000;
  return {
    k6Cores: (to.k6Seconds - from.k6Seconds) / seconds,
    servers: urls.map((url, i) => {
      const [before, after] = [from.servers[i]!.cpuSeconds, to.servers[i]!.cpuSeconds];
      const lags = middle.flatMap(({ servers }) => servers[i]!.lagMs ?? []);
      return {
        url,
        cores: before === undefined || after === undefined ? undefined : (after - before) / seconds,
        lagMs: lags.length > 0 ? Math.max(...lags) : undefined,
      };
    }),
    idle: (to.idleMs - from.idleMs) / (to.totalMs - from.totalMs),
    cpus: cpus().length,
  };
}

function machineTimes(): { idleMs: number; totalMs: number } {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (ms: number[]) => ms.reduce((a, b) => a + b, 0);
  return { idleMs: sum(times.map(({ idle }) => idle)), totalMs: sum(times.flatMap((t) => Object.values(t))) };
}

async function readMetrics(url: string): Promise<Sample['servers'][number]> {
  const text = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) }).then(
    (answer) => answer.text(),
    () => '',
  );
  const value = (name: string) => {
    const [, number] = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text) ?? [];
    return number === undefined ? undefined : Number(number);
  };
  const lagSeconds = value('nodejs_eventloop_lag_p99_seconds');
  return {
    cpuSeconds: value('process_cpu_seconds_total'),
    lagMs: lagSeconds === undefined ? undefined : lagSeconds * 1000,
  };
}
