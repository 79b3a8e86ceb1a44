import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_FLAGS } from '../node-flags.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const NAME_WIDTH = 10;
const READY_MS_MAX = 60_000;
const READY_POLL_MS = 100;

/** A process of the cluster, whose lines are shown under its name. */
export interface Member {
  name: string;
  /** Its exit code, once it has ended; null where a signal ended it. */
  ended: Promise<number | null>;
  /** Sends it away in good order. Resolves when it has ended. */
  stop(): Promise<void>;
  kill(): void;
}

/**
 * Starts a role. It has a process group of its own: a Ctrl-C in the terminal goes to whoever is in the group of this
 * program, and would end all members at once and in no order.
 */
export function startMember(name: string, role: string, env: NodeJS.ProcessEnv): Member {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, role], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  show(name, child);
  return {
    name,
    ended: exited,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

function show(name: string, child: ChildProcess): void {
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface(stream).on('line', (line) => {
      if (line !== '') console.log(`${name.padEnd(NAME_WIDTH)} | ${line}`);
    });
  }
}

/** Resolves when the member says that it is ready; rejects where it ends before, or takes too long. */
export async function untilReady({ name, ended }: Member, internalPort: number): Promise<void> {
  let code: number | null | undefined;
  ended.then((value) => {
    code = value;
  });
  const deadline = performance.now() + READY_MS_MAX;
  while (!(await answersReady(internalPort))) {
    if (code !== undefined) throw new Error(`${name} ended with ${code} before it was ready.`);
    if (performance.now() > deadline) throw new Error(`${name} is not ready: see its lines.`);
    await sleep(READY_POLL_MS);
  }
}

async function answersReady(internalPort: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${internalPort}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}
