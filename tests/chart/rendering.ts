import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadAll } from 'js-yaml';

export const PROJECT = path.join(import.meta.dirname, '../..');
export const CHART = path.join(PROJECT, 'charts/seqline');
const KUBERNETES = '1.34.4';

/** For `skip` of tests that render. */
export const NO_HELM = missing('helm', 'version');
export const NO_KUBECONFORM = missing('kubeconform', '-v');

// biome-ignore lint/suspicious/noExplicitAny: what a chart renders is looked at field by field.
export type Manifest = any;
export type Values = Record<string, unknown>;

export interface Rendering {
  ok: boolean;
  /** The YAML as it was rendered. */
  text: string;
  /** What Helm said where it refused. */
  fault: string;
}

/** What `helm template` makes of the chart with these values over its own. */
export function tryRender(values: Values, release = 'im'): Rendering {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'seqline-chart-'));
  try {
    const file = path.join(dir, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    const args = ['template', release, CHART, '--namespace', 'chat', '--kube-version', KUBERNETES];
    const { status, stdout, stderr } = spawnSync('helm', [...args, '--values', file], { encoding: 'utf8' });
    return { ok: status === 0, text: stdout, fault: stderr };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function render(values: Values, release?: string): string {
  const { ok, text, fault } = tryRender(values, release);
  if (!ok) throw new Error(fault);
  return text;
}

export function manifestsOf(text: string): Manifest[] {
  return loadAll(text).filter((manifest) => manifest != null);
}

/** Each object that makes pods, or is one, with the spec of that pod. */
export function podsOf(
  manifests: Manifest[],
): { name: string; kind: string; metadata: Manifest; spec: Manifest }[] {
  return manifests.flatMap(({ kind, metadata, spec }) => {
    const pod = kind === 'Pod' ? { metadata, spec } : spec?.template;
    return pod?.spec?.containers
      ? [{ name: metadata.name, kind, metadata: pod.metadata, spec: pod.spec }]
      : [];
  });
}

export function find(manifests: Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`There is no ${kind} ${name}`);
  return found;
}

function missing(program: string, arg: string): string | false {
  const { error } = spawnSync(program, [arg]);
  return error ? `no ${program} on the PATH` : false;
}
