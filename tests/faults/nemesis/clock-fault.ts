import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '../../contract/wait.ts';
import type { Environment } from '../../harness/own-server.ts';
import type { Fault } from './fault.ts';

const MINUTE_MS = 60_000;
/** Beyond every timeout of a session, and within the life of a token. */
export const CLOCK_JUMPS_MS = { forward: 10 * MINUTE_MS, back: -10 * MINUTE_MS };

interface Clocked {
  signal(signal: NodeJS.Signals): void;
}

/** The clocks of processes that are started with `env`. */
export interface Clocks extends AsyncDisposable {
  env: Environment;
  /** Resolves when the process's clock is so far off the real one. */
  set(target: Clocked, offsetMs: number): Promise<void>;
}

/** See `preload-clock.ts`. */
export async function openClocks(): Promise<Clocks> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'seqline-clock-'));
  const file = path.join(dir, 'offset');
  return {
    env: { CLOCK_FILE: file, NODE_OPTIONS: preloading('clock') },
    async set(target, offsetMs) {
      await writeFile(file, String(offsetMs));
      target.signal('SIGUSR2');
      await until(`the clock is ${offsetMs} ms off`, () => !existsSync(file));
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

/** For NODE_OPTIONS: the process begins with a file of this folder. */
export function preloading(name: string): string {
  return `--import=${pathToFileURL(path.join(import.meta.dirname, `preload-${name}.ts`)).href}`;
}

/** The clock of a process is set wrong, and right again. */
export function clockFaults(target: Clocked, subject: string, clocks: Clocks): Fault[] {
  return Object.entries(CLOCK_JUMPS_MS).map(([direction, offsetMs]) => ({
    name: `clock ${direction} in ${subject}`,
    subject,
    async begin() {
      await clocks.set(target, offsetMs);
      return () => clocks.set(target, 0);
    },
  }));
}
