import type { Use } from './resources.ts';

export interface Step {
  rate: number;
  /** Metrics whose thresholds did not hold. */
  failed: string[];
  sentP99Ms: number;
  deliveredP99Ms: number;
  /** How late k6 wrote the messages: 99 % were within it. */
  lateP99Ms: number;
  /** What the latency to "sent" may be. */
  limitMs: number;
  use: Use | undefined;
}

/** JavaScript runs on one thread: beyond this share of it what comes in waits. */
const THREAD_FULL = 0.85;
const LAG_MS = 50;
const IDLE_LEAST = 0.05;

/** What was full when a rate did not hold, each as a line. */
export function whatEnded({ failed, lateP99Ms, limitMs, use }: Step): string[] {
  const reasons: string[] = [];
  const others = failed.filter((metric) => !/_latency$/.test(metric));
  if (others.length > 0) reasons.push(`more than latency: ${others.join(', ')} did not hold`);
  if (use && use.idle < IDLE_LEAST) reasons.push(`the CPU of this machine: ${shares(use)}`);
  for (const { url, cores, lagMs } of use?.servers ?? []) {
    if (cores !== undefined && cores >= THREAD_FULL)
      reasons.push(`the CPU of ${url}: ${cores.toFixed(2)} CPUs`);
    if (lagMs !== undefined && lagMs >= LAG_MS)
      reasons.push(`the event loop of ${url}: ${Math.round(lagMs)} ms late`);
  }
  if (lateP99Ms > limitMs / 2) {
    reasons.push(`k6: it wrote messages up to ${Math.round(lateP99Ms)} ms late (99 %)`);
  }
  if (reasons.length > 0) return reasons;
  return [
    'nothing that is measured here: look at the stores behind the server, at the network, and at METRICS_URLS',
  ];
}

function shares({ k6Cores, servers, idle, cpus }: Use): string {
  const known = servers.flatMap(({ cores }) => cores ?? []);
  const serverCores = known.reduce((sum, cores) => sum + cores, 0);
  const others = Math.max(cpus * (1 - idle) - k6Cores - serverCores, 0);
  const server = known.length > 0 ? `the server ${serverCores.toFixed(2)}, ` : '';
  return `of ${cpus}, k6 ${k6Cores.toFixed(2)}, ${server}others ${others.toFixed(2)}`;
}

/** A line of the search. */
export function stepLine(step: Step): string {
  const { rate, failed, sentP99Ms, deliveredP99Ms, lateP99Ms, use } = step;
  const ms = (value: number) => `${value.toFixed(1)} ms`.padStart(10);
  const cpu = use
    ? [
        `k6 ${use.k6Cores.toFixed(2)}`,
        ...use.servers.map(({ cores, lagMs }) =>
          cores === undefined ? 'server –' : `server ${cores.toFixed(2)} (lag ${Math.round(lagMs ?? 0)} ms)`,
        ),
        `idle ${Math.round(use.idle * 100)} %`,
      ].join(', ')
    : '';
  const verdict = failed.length === 0 ? 'holds' : 'fails';
  return `${String(rate).padStart(7)} a second ${verdict}: 99 % sent within${ms(sentP99Ms)}, delivered${ms(deliveredP99Ms)}, k6 late${ms(lateP99Ms)}; CPUs: ${cpu}`;
}
