import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Clock ticks a second in /proc; the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Memory has settled when it stayed within this much for this long. */
const STEADY_KIB = 1024;
const STEADY_MS = 3000;
const SAMPLE_MS = 200;
const SETTLE_MS = 25_000;

/** CPU time that processes have used together, in seconds. */
export function cpuSeconds(...pids: number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(pid), 0) / TICKS_PER_SECOND;
}

function ticks(pid: number): number {
  const stat = read(pid, 'stat');
  // The name of the command comes second, in brackets, and may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** Resident memory of a process. */
export function rssKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(pid, 'status'))![1]);
}

const LISTENING = '0A';

/** The process of this machine that listens on a TCP port. Throws where there is none, or it is another user's. */
export function listenerOf(port: number): number {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === LISTENING)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsAny(name, inodes));
  if (!pid) throw new Error(`No process that we may look at listens on port ${port}.`);
  return Number(pid);
}

function holdsAny(pid: string, sockets: string[]): boolean {
  const open = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return open.some((fd) => sockets.includes(unlessGone(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? ''));
}

/** Nothing where the process has ended or is not ours, or has closed the file: one at work does so all the time. */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Resident memory once it no longer moves. */
export async function settledRssKib(pid: number): Promise<number> {
  const samples: number[] = [];
  const needed = STEADY_MS / SAMPLE_MS;
  const deadline = performance.now() + SETTLE_MS;
  while (performance.now() < deadline) {
    samples.push(rssKib(pid));
    const last = samples.slice(-needed);
    if (last.length === needed && Math.max(...last) - Math.min(...last) <= STEADY_KIB) return samples.at(-1)!;
    await pause(SAMPLE_MS);
  }
  throw new Error(`The memory of process ${pid} did not settle within ${SETTLE_MS / 1000} s.`);
}

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8');
}
