import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';

/** Connections of the largest workload, and what else a process has open. */
const OPEN_FILES = 5200;
/** What Linux calls a file system in memory. */
const TMPFS = 0x01021994;

/** Throws an `Error` where CPU time cannot be measured. */
export function requireLinux(): void {
  if (process.platform !== 'linux') {
    throw new Error('CPU time and memory are read from /proc, which only Linux has: run it there.');
  }
}

/** Throws an `Error` that says what to do where the machine cannot run the workloads. */
export function requireLinuxWithFiles(): void {
  requireLinux();
  // Node raises its own soft limit to the hard one when it starts.
  const limit = /^Max open files\s+\d+\s+(\w+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))![1]!;
  if (Number(limit) < OPEN_FILES) {
    throw new Error(
      `${OPEN_FILES} open files are needed, and at most ${limit} are allowed: raise the limit, as with \`ulimit -Hn 16384\`.`,
    );
  }
}

/** Where the server's data would not be on a disk, the warning to show. */
export function diskWarning(): string | undefined {
  const dir = os.tmpdir();
  if (statfsSync(dir).type !== TMPFS) return undefined;
  return `${dir} is in memory, so nothing here waits for a disk: set TMPDIR to a directory on one.`;
}
