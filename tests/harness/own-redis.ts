import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from '../contract/wait.ts';
import { freePort } from './free-port.ts';

const PROGRAM = 'redis-server';
/** With these the server writes down each command before it answers, and knows after a kill what it knew before. */
export const DURABLE = ['--appendonly', 'yes'];

/** A reason to skip tests that do harm to a server, or false. */
export const noOwnRedis: string | false = spawnSync(PROGRAM, ['--version']).error
  ? `install ${PROGRAM}: these tests kill, pause and empty a server of their own`
  : false;

/**
 * A Redis server that a test may harm. After `kill` it starts empty, or with what the command SAVE kept, unless it is
 * `DURABLE`.
 */
export interface OwnRedis extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  start(): Promise<void>;
  /** Resolves when it has ended. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  kill(): Promise<void>;
  /** It keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Keeps a copy of what is on its disk now. Gives what kills the server and starts it on that copy. */
  remember(): Promise<() => Promise<void>>;
}

/** Started. Disposing kills it. */
export async function startOwnRedis(...settings: string[]): Promise<OwnRedis> {
  const port = await freePort();
  const root = await mkdtemp(path.join(os.tmpdir(), 'seqline-redis-'));
  const [dir, copy] = [path.join(root, 'now'), path.join(root, 'then')];
  await mkdir(dir);
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...settings];
  let child: ChildProcess | undefined;
  const killAtExit = () => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);

  const server: OwnRedis = {
    url: `redis://127.0.0.1:${port}`,
    port,
    async start() {
      child = spawn(PROGRAM, options, { stdio: 'ignore' });
      await until('the server listens', () => listens(port));
    },
    async signal(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
    kill: () => server.signal('SIGKILL'),
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async remember() {
      await replace(dir, copy);
      return async () => {
        await server.kill();
        await replace(copy, dir);
        await server.start();
      };
    },
    async [Symbol.asyncDispose]() {
      await server.kill();
      process.off('exit', killAtExit);
      await rm(root, { recursive: true });
    },
  };
  await server.start();
  return server;
}

async function replace(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await cp(from, to, { recursive: true });
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}
