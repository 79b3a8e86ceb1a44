import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_FLAGS } from '../../scripts/node-flags.ts';
import { freePort } from './free-port.ts';
import type { Environment } from './own-server.ts';
import type { Exit } from './restartable-server.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
/** Also where Kafka starts at the same time, on a machine with much to do. */
const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 20_000;
const LOG_CHARS_MAX = 400_000;

/** A gateway, worker or controller that a test ends, by any signal, and starts again on the same ports. */
export interface ClusterProcess {
  readonly name: string;
  /** Of the present process. */
  pid(): number;
  readonly url: string;
  readonly internalUrl: string;
  /** What its processes wrote, the newest of it. */
  log(): string;
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** Starts it, ready or not. */
  launch(): void;
  signal(signal: NodeJS.Signals): void;
  /** How the present process ended, once it has. */
  exited(): Promise<Exit>;
  /** Ends it in good order, or by force where that takes too long; whether it runs or not. */
  stop(): Promise<Exit>;
}

export type LongRole = 'gateway' | 'worker' | 'controller';

export interface ProcessOptions {
  role: LongRole;
  name: string;
  env: Environment;
}

/** Not started yet. */
export async function createClusterProcess({ role, name, env }: ProcessOptions): Promise<ClusterProcess> {
  const [port, internalPort] = [await freePort(), await freePort()];
  const internalUrl = `http://127.0.0.1:${internalPort}`;
  const settings = { ...env, PORT: String(port), INTERNAL_PORT: String(internalPort), GATEWAY_ID: name };
  let log = '';
  let child: ChildProcess | undefined;
  let exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  const kill = () => void child?.kill('SIGKILL');

  function launch(): ChildProcess {
    const started = spawnRole(role, settings);
    child = started;
    process.off('exit', kill).once('exit', kill);
    exit = once(started, 'exit').then(([code, signal]) => ({ code, signal }));
    for (const stream of [started.stdout!, started.stderr!]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        log = (log + part).slice(-LOG_CHARS_MAX);
      });
    }
    return started;
  }

  return {
    name,
    pid: () => child!.pid!,
    url: `http://127.0.0.1:${port}`,
    internalUrl,
    log: () => log,

    async start() {
      await ready(name, `${internalUrl}/readyz`, launch(), () => log);
    },

    launch: () => void launch(),

    signal: (signal) => void child?.kill(signal),
    exited: () => exit,

    async stop() {
      child?.kill('SIGCONT');
      child?.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_MS_MAX);
      const how = await exit;
      clearTimeout(timer);
      process.off('exit', kill);
      return how;
    },
  };
}

/** Runs a role that does its work and ends. */
export async function runRole(role: 'migrate', env: Environment): Promise<void> {
  const child = spawnRole(role, env);
  let log = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      log += part;
    });
  }
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${role} ended with ${code}:\n${log}`);
}

function spawnRole(role: string, env: Environment): ChildProcess {
  const settings = {
    PATH: process.env.PATH,
    NODE_COMPILE_CACHE: path.join(os.tmpdir(), 'seqline-test-compile-cache'),
    ...env,
  };
  return spawn(process.execPath, [...NODE_FLAGS, MAIN, role], {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function ready(name: string, url: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${name} did not start:\n${log()}`);
    }
    if (await isReady(url)) return;
    await sleep(50);
  }
  throw new Error(`${name} was not ready within ${READY_MS_MAX} ms:\n${log()}`);
}

/** What `/readyz` says; false also where nobody answers. */
export async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(url).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}
