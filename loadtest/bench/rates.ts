import { setTimeout as pause } from 'node:timers/promises';
import { cpuSeconds } from './procfs.ts';

/** Something that keeps a server busy for as long as it runs, always with the same number of requests in flight. */
export interface Load {
  /** The processes that do it. */
  pids: number[];
  start(): void;
  /** Lets what is in flight end. */
  stop(): Promise<void>;
  /** What was done since the beginning. */
  done(): number;
}

export interface Rate {
  perSecond: number;
  /** CPUs that those processes had, on average; of one process far below 1, something else was the bottleneck. */
  busy: number;
}

const WARM_UP_MS = 500;
const ROUNDS = 3;
/** How long what is in flight may take to end. */
const END_MS = 20_000;

/** For both the median of its rounds; the rounds take turns, so that both meet the same machine. */
export async function compareRates(
  loads: { seqline: Load; bare: Load },
  seconds: number,
): Promise<{ seqline: Rate; bare: Rate; ratio: number }> {
  const rounds: { seqline: Rate[]; bare: Rate[] } = { seqline: [], bare: [] };
  for (let round = 0; round < ROUNDS; round++) {
    rounds.bare.push(await measureRate(loads.bare, seconds));
    rounds.seqline.push(await measureRate(loads.seqline, seconds));
  }
  const seqline = medianRate(rounds.seqline);
  const bare = medianRate(rounds.bare);
  return { seqline, bare, ratio: seqline.perSecond / bare.perSecond };
}

export async function measureRate(load: Load, seconds: number): Promise<Rate> {
  load.start();
  await pause(WARM_UP_MS);
  const [from, cpuBefore, doneBefore] = [performance.now(), cpuSeconds(...load.pids), load.done()];
  await pause(seconds * 1000);
  const took = (performance.now() - from) / 1000;
  const perSecond = (load.done() - doneBefore) / took;
  const busy = (cpuSeconds(...load.pids) - cpuBefore) / took;
  await load.stop();
  return { perSecond, busy };
}

export function medianRate(rates: Rate[]): Rate {
  return {
    perSecond: median(rates.map((rate) => rate.perSecond)),
    busy: median(rates.map((rate) => rate.busy)),
  };
}

/** How busy the servers were, and how they compare by the CPU time that they had: for a machine with other work. */
export function busyNote({ seqline, bare }: { seqline: Rate; bare: Rate }): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const perCpu = seqline.perSecond / seqline.busy / (bare.perSecond / bare.busy);
  return `CPU: server ${percent(seqline.busy)}, bare ${percent(bare.busy)}; by CPU time the ratio is ${percent(perCpu)}`;
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + END_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come within ${END_MS / 1000} s.`);
    await pause(5);
  }
}

export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that so large a share of the values does not exceed. */
export function quantile(values: number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

/** When a send of a steady rate is due, by `performance.now()`. */
export function dueAt(from: number, perSecond: number, index: number): number {
  return from + (index * 1000) / perSecond;
}

/** How often it is looked which sends are due. */
const TICK_MS = 1;

/** Sends at a steady rate from that time of `performance.now()` on, each when it is due, whatever comes back. */
export async function atRate(
  from: number,
  perSecond: number,
  total: number,
  send: (index: number) => void,
): Promise<void> {
  for (let i = 0; i < total; await pause(TICK_MS)) {
    for (; i < total && dueAt(from, perSecond, i) <= performance.now(); i++) send(i);
  }
}
