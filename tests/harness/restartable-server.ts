import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './own-server.ts';
import type { Target } from './target.ts';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const READY_MS_MAX = 30_000;
const LOG_CHARS_MAX = 100_000;
/** Below the ports that systems give to outgoing connections: one of those must not take the port of a server that is down. */
const PORTS = { from: 20_000, to: 32_000 };

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** As `ulimit -f`: no file grows beyond so many blocks (of 512 or 1024 bytes, by the shell); writing more fails. */
  fileBlocksMax?: number;
}

/** A standalone server that a test ends, by any signal, and starts again on the same ports and data. */
export interface RestartableServer extends Target, AsyncDisposable {
  readonly url: string;
  readonly internalUrl: string;
  /** What its processes wrote, the newest of it. */
  log(): string;
  /** Resolves when it is ready. */
  start(options?: StartOptions): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** How the present process ended, once it has. */
  exited(): Promise<Exit>;
}

/** Not started yet. Disposing kills what runs, and removes the data. */
export async function createRestartableServer(env: Environment = {}): Promise<RestartableServer> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'seqline-test-'));
  const [port, internalPort] = [await freePort(), await freePort()];
  const secret = randomBytes(32).toString('hex');
  const url = `http://127.0.0.1:${port}`;
  const internalUrl = `http://127.0.0.1:${internalPort}`;
  const settings = {
    PATH: process.env.PATH,
    PORT: String(port),
    INTERNAL_PORT: String(internalPort),
    DATA_DIR: dataDir,
    AUTH_JWT_SECRET: secret,
    ...env,
  };
  const cleanups: (() => void)[] = [];
  let log = '';
  let child: ChildProcess | undefined;
  let exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  const kill = () => void child?.kill('SIGKILL');
  process.once('exit', kill);

  return {
    url,
    internalUrl,
    secret,
    nextUrl: () => url,
    own: () => {
      throw new Error('This server has no process that stays.');
    },
    onStop: (cleanup) => void cleanups.push(cleanup),
    log: () => log,

    async start(options = {}) {
      const started = spawnServer(settings, options);
      child = started;
      exit = once(started, 'exit').then(([code, signal]) => ({ code, signal }));
      for (const stream of [started.stdout!, started.stderr!]) {
        stream.setEncoding('utf8').on('data', (part: string) => {
          log = (log + part).slice(-LOG_CHARS_MAX);
        });
      }
      await ready(`${internalUrl}/readyz`, started, () => log);
    },

    signal: (signal) => void child?.kill(signal),
    exited: () => exit,

    async [Symbol.asyncDispose]() {
      for (const cleanup of cleanups) cleanup();
      process.off('exit', kill);
      kill();
      await exit;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

function spawnServer(env: NodeJS.ProcessEnv, { fileBlocksMax }: StartOptions): ChildProcess {
  const command = [process.execPath, MAIN, 'standalone'];
  // The shell only sets the limit and then becomes the server, so that signals reach the server.
  const limited = ['sh', '-c', `ulimit -f ${fileBlocksMax} && exec "$0" "$@"`, ...command];
  const [program = '', ...args] = fileBlocksMax === undefined ? command : limited;
  return spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function ready(url: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`The server did not start:\n${log()}`);
    }
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await sleep(10);
  }
  throw new Error(`The server was not ready within ${READY_MS_MAX} ms:\n${log()}`);
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const holder = createServer().listen(port, '127.0.0.1');
    const free = await once(holder, 'listening').then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => holder.close(resolve));
    if (free) return port;
  }
}
