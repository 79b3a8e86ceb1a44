import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from '../contract/wait.ts';

const PROGRAM = 'redis-server';
/** Below the ports that systems give to outgoing connections: one of those must not take the port of a server that is down. */
const PORTS = { from: 20_000, to: 32_000 };

/** A reason to skip tests that do harm to a server, or false. */
export const noOwnRedis: string | false = spawnSync(PROGRAM, ['--version']).error
  ? `install ${PROGRAM}: these tests kill, pause and empty a server of their own`
  : false;

/** A Redis server that a test may harm. After `kill` it starts empty, or with what the command SAVE kept. */
export interface OwnRedis extends AsyncDisposable {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** It keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
}

/** Started. Disposing kills it. */
export async function startOwnRedis(...settings: string[]): Promise<OwnRedis> {
  const port = await freePort();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'seqline-redis-'));
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', ...settings];
  let child: ChildProcess | undefined;
  const killAtExit = () => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);

  const server: OwnRedis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      child = spawn(PROGRAM, options, { stdio: 'ignore' });
      await until('the server listens', () => listens(port));
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await server.kill();
      process.off('exit', killAtExit);
      await rm(dir, { recursive: true });
    },
  };
  await server.start();
  return server;
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
