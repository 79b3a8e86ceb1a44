import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { until } from '../contract/wait.ts';
import { freePort } from './free-port.ts';

const PROGRAM = [process.env.TOXIPROXY, 'toxiproxy-server', 'toxiproxy'].find(
  (program) => program && !spawnSync(program, ['-version']).error,
);

/** For `skip` of tests that spoil the ways between processes. */
export const NO_TOXIPROXY: string | false =
  !PROGRAM && "set TOXIPROXY to Shopify's toxiproxy server, or put toxiproxy-server on the PATH";

/** What spoils one direction of a way; see https://github.com/Shopify/toxiproxy#toxics. */
export interface Toxic {
  type: 'latency' | 'bandwidth' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data';
  /** Away from who connects, or back to them. */
  stream: 'upstream' | 'downstream';
  attributes: Record<string, number>;
}

type Heal = () => Promise<void>;

/** A way to a server, which is undisturbed at first. */
export interface Way {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Gives what ends it. */
  spoil(toxic: Toxic): Promise<Heal>;
  /** Its connections end, and nobody gets in. */
  cut(): Promise<Heal>;
}

export interface Toxiproxy extends AsyncDisposable {
  way(name: string, upstream: { host: string; port: number }): Promise<Way>;
}

const HOST = '127.0.0.1';

export async function startToxiproxy(): Promise<Toxiproxy> {
  const port = await freePort();
  const child = spawn(PROGRAM!, ['-host', HOST, '-port', String(port)], { stdio: 'ignore' });
  const killAtExit = () => void child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const call = createCall(`http://${HOST}:${port}`);
  await until('toxiproxy answers', () => answers(child, call));
  return {
    way: (name, upstream) => openWay(call, name, upstream),
    async [Symbol.asyncDispose]() {
      process.off('exit', killAtExit);
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

type Call = (method: string, path: string, body?: object) => Promise<void>;

function createCall(url: string): Call {
  return async (method, path, body) => {
    const answer = await fetch(`${url}${path}`, { method, body: body && JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status} ${text}`);
  };
}

async function answers(child: ChildProcess, call: Call): Promise<boolean> {
  if (child.exitCode !== null) throw new Error(`${PROGRAM} ended with ${child.exitCode}`);
  return call('GET', '/version').then(
    () => true,
    () => false,
  );
}

async function openWay(call: Call, name: string, upstream: { host: string; port: number }): Promise<Way> {
  const port = await freePort();
  const proxy = { name, listen: `${HOST}:${port}`, upstream: `${upstream.host}:${upstream.port}` };
  await call('POST', '/proxies', { ...proxy, enabled: true });
  let toxics = 0;
  return {
    name,
    host: HOST,
    port,
    async spoil(toxic) {
      const id = `toxic-${toxics++}`;
      await call('POST', `/proxies/${name}/toxics`, { ...toxic, name: id, toxicity: 1 });
      return () => call('DELETE', `/proxies/${name}/toxics/${id}`);
    },
    async cut() {
      await call('POST', `/proxies/${name}`, { enabled: false });
      return () => call('POST', `/proxies/${name}`, { enabled: true });
    },
  };
}
