import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_FLAGS } from '../../scripts/node-flags.ts';
import type { Door } from './seqline-client.ts';

/** A server in a process of its own; disposing ends it and removes its data. */
export interface ServerProcess extends AsyncDisposable {
  pid: number;
  port: number;
}

export type Seqline = ServerProcess & Door;

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const READY_MS = 30_000;
/** How long a server may take to stop before it is killed. */
const STOP_MS = 10_000;

/** The standalone server, with limits that do not get into the way; with `profileDir`, its CPU profile goes there. */
export async function startSeqline(profileDir: string | undefined): Promise<Seqline> {
  const dataDir = mkdtempSync(path.join(os.tmpdir(), 'seqline-bench-'));
  const removeData = () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', removeData);
  const secret = 'a secret that only this run knows';
  const [port, internalPort] = [await freePort(), await freePort()];
  const profiling = profileDir ? ['--cpu-prof', `--cpu-prof-dir=${profileDir}`] : [];
  const child = start([...profiling, path.join(ROOT, 'src', 'main.ts'), 'standalone'], {
    HOST: '127.0.0.1',
    PORT: String(port),
    INTERNAL_PORT: String(internalPort),
    DATA_DIR: dataDir,
    AUTH_JWT_SECRET: secret,
    MESSAGES_PER_SECOND: '1000000',
    CONNECTIONS_PER_USER: '1000',
    HEARTBEAT_TIMEOUT_MS: '3600000',
    DRAIN_MS: '0',
  });
  await ready(child, `http://127.0.0.1:${internalPort}/readyz`);
  return {
    pid: child.pid!,
    port,
    secret,
    async [Symbol.asyncDispose]() {
      await stop(child);
      removeData();
      process.off('exit', removeData);
    },
  };
}

/** The yardstick; see `bare-server.ts`. */
export function startBare(): Promise<ServerProcess> {
  return startProgram(path.join(import.meta.dirname, 'bare-server.ts'), {});
}

/** A program that tells its port once it is ready, and ends with SIGTERM. */
export async function startProgram(file: string, env: Record<string, string>): Promise<ServerProcess> {
  const child = start([file], env);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message: { port: number }) => resolve(message.port));
    child.once('exit', (code) =>
      reject(new Error(`${path.basename(file)} ended with ${code} before it was ready.`)),
    );
  });
  return { pid: child.pid!, port, [Symbol.asyncDispose]: () => stop(child) };
}

function start(args: string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [...NODE_FLAGS, ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, TMPDIR: os.tmpdir(), ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) break;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await pause(50);
  }
  throw new Error(`The server was not ready at ${url} within ${READY_MS / 1000} s; its own words are above.`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
