import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { until } from '../contract/wait.ts';
import type { Target } from '../harness/target.ts';

const run = promisify(execFile);
const PROJECT = path.join(import.meta.dirname, '../..');
const COMMAND_MS_MAX = 400_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export const NAMESPACE = 'seqline';
export const RELEASE = 'im';
/** That of values-dev.yaml. */
const SECRET = 'development-development-development';

/** For `skip` of tests that need a cluster. */
export const NO_CLUSTER: string | false =
  (!process.env.KUBECONFIG && 'set KUBECONFIG to a cluster that has the image seqline:dev') ||
  (!process.env.SEQLINE_URL && 'set SEQLINE_URL to where its ingress answers');

/** Half of the clients move when one of two gateways goes: over this time it is a twentieth of all in each second. */
const DRAIN_MS = 12_500;

/** Image tags: that under test, and one from before it, where an upgrade begins. */
export const TAG = process.env.SEQLINE_TAG || 'dev';
export const TAG_BEFORE = process.env.SEQLINE_TAG_BEFORE || TAG;

/** What the ingress leads to. */
export function ingressTarget(): Target {
  const url = process.env.SEQLINE_URL!;
  return { secret: SECRET, nextUrl: () => url, own: noProcess, onStop: noProcess };
}

function noProcess(): never {
  throw new Error('The servers run in the cluster.');
}

export async function kubectl(...args: string[]): Promise<string> {
  return command('kubectl', ['--namespace', NAMESPACE, ...args]);
}

export async function helm(...args: string[]): Promise<string> {
  return command('helm', ['--namespace', NAMESPACE, ...args]);
}

async function command(program: string, args: string[]): Promise<string> {
  const options = { cwd: PROJECT, timeout: COMMAND_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  const { stdout } = await run(program, args, options);
  return stdout;
}

/** Settings of this test over those of development. */
export function settings(tag: string, more: Record<string, string | number> = {}): string[] {
  const set = { 'image.tag': tag, 'test.url': process.env.SEQLINE_URL!, 'config.drainMs': DRAIN_MS, ...more };
  const sets = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  return ['--values', 'k8s/values-dev.yaml', ...sets, '--wait', '--timeout', '360s'];
}

/** The namespace with its servers, all ready. */
export async function prepareStores(): Promise<void> {
  await command('kubectl', ['apply', '-k', 'k8s']);
  for (const store of ['mysql', 'redis', 'kafka']) {
    await kubectl('rollout', 'status', `statefulset/${store}`, '--timeout', '300s');
  }
}

export interface Pod {
  name: string;
  ready: boolean;
  leaving: boolean;
  deletionCost: number;
}

export async function podsOf(component: string): Promise<Pod[]> {
  const { items } = JSON.parse(
    await kubectl('get', 'pods', '-l', `app.kubernetes.io/component=${component}`, '-o', 'json'),
  );
  // biome-ignore lint/suspicious/noExplicitAny: as kubectl gives it.
  return items.map(({ metadata, status }: any) => ({
    name: metadata.name,
    // biome-ignore lint/suspicious/noExplicitAny: as kubectl gives it.
    ready: status.conditions?.some((one: any) => one.type === 'Ready' && one.status === 'True') ?? false,
    leaving: metadata.deletionTimestamp !== undefined,
    deletionCost: Number(metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
  }));
}

/** Scales, and resolves when so many are ready and no other is there any more. */
export async function scale(component: 'gateway' | 'worker', replicas: number): Promise<void> {
  await kubectl('scale', `deployment/${RELEASE}-seqline-${component}`, `--replicas=${replicas}`);
  await settled(component, replicas);
}

const SETTLE_MS_MAX = 240_000;

/** So many pods are ready, and no other is there any more. */
export function settled(component: string, replicas: number): Promise<void> {
  const isSettled = async () => {
    const pods = await podsOf(component);
    return pods.length === replicas && pods.every(({ ready, leaving }) => ready && !leaving);
  };
  return until(`${replicas} pods of the ${component} are ready, and no others`, isSettled, SETTLE_MS_MAX);
}

/** A command in the Redis of the cluster. */
export async function redisCli(...args: string[]): Promise<string[]> {
  const output = await kubectl('exec', 'redis-0', '--', 'redis-cli', ...args);
  return output.split('\n').filter(Boolean);
}
