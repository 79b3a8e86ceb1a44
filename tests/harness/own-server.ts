import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = path.join(import.meta.dirname, '../../src/main.ts');
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 20_000;
/** Another process may take a free port before the server does; then others are tried. */
const STARTS_MAX = 3;
const LOG_CHARS_MAX = 100_000;

/** A standalone server in a process of its own, with its own data. */
export interface OwnServer {
  url: string;
  internalUrl: string;
  secret: string;
  process: ChildProcess;
  /** What it wrote, the newest of it. */
  log(): string;
  /** Drains it, waits for its end, and removes its data. Throws where it had ended before, or did not end well. */
  stop(): Promise<void>;
}

export type Environment = Record<string, string>;

export async function startOwnServer(env: Environment = {}): Promise<OwnServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(env);
    } catch (error) {
      if (attempt === STARTS_MAX || !String(error).includes('is in use')) throw error;
    }
  }
}

async function start(env: Environment): Promise<OwnServer> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'seqline-test-'));
  const [port, internalPort] = await freePorts();
  const settings = {
    PATH: process.env.PATH,
    // Each start compiles the same sources; the second and all later ones take them from here.
    NODE_COMPILE_CACHE: path.join(os.tmpdir(), 'seqline-test-compile-cache'),
    PORT: String(port),
    INTERNAL_PORT: String(internalPort),
    DATA_DIR: dataDir,
    AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    DRAIN_MS: '0',
    ...env,
  };
  const child = spawn(process.execPath, [MAIN, 'standalone'], {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // For tests that end without `stop`, because they could not begin.
  const abandon = () => {
    child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  };
  process.once('exit', abandon);
  const log = keepLog(child);
  const server: OwnServer = {
    url: `http://127.0.0.1:${port}`,
    internalUrl: `http://127.0.0.1:${internalPort}`,
    secret: settings.AUTH_JWT_SECRET,
    process: child,
    log,
    async stop() {
      process.off('exit', abandon);
      try {
        await endWell(child, log);
      } finally {
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  };
  try {
    await ready(server);
  } catch (error) {
    process.off('exit', abandon);
    abandon();
    throw error;
  }
  return server;
}

function keepLog(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream!.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-LOG_CHARS_MAX);
    });
  }
  return () => text;
}

async function ready(server: OwnServer): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  while (performance.now() < deadline) {
    if (server.process.exitCode !== null) throw new Error(`The server did not start:\n${server.log()}`);
    const answer = await fetch(`${server.internalUrl}/readyz`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await sleep(25);
  }
  throw new Error(`The server was not ready within ${READY_MS_MAX} ms:\n${server.log()}`);
}

async function endWell(child: ChildProcess, log: () => string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    throw new Error(`The server ended during the tests (${child.exitCode ?? child.signalCode}):\n${log()}`);
  }
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  const [code, signal] = await ended;
  clearTimeout(timer);
  if (code !== 0) throw new Error(`The server ended with ${code ?? signal} on SIGTERM:\n${log()}`);
}

/** Two ports that were free a moment ago. */
async function freePorts(): Promise<[number, number]> {
  const holders = [createServer(), createServer()];
  const ports = await Promise.all(
    holders.map(async (holder) => {
      holder.listen(0, '127.0.0.1');
      await once(holder, 'listening');
      return (holder.address() as { port: number }).port;
    }),
  );
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports as [number, number];
}
