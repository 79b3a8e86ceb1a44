import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { undocumented, valuesTable } from '../../scripts/values-table.ts';
import { FRAGMENTS, LEAST, over } from './fragments.ts';
import { CHART, NO_HELM, NO_KUBECONFORM, PROJECT, render, type Values } from './rendering.ts';

const SCHEMAS = path.join(import.meta.dirname, 'schemas/{{.ResourceKind}}{{.KindSuffix}}.json');
const read = (name: string) => readFileSync(path.join(PROJECT, name), 'utf8');

/** What kubeconform has against the manifests, with the schemas of this folder alone. */
function conform(text: string): string {
  const args = ['-strict', '-summary', '-schema-location', SCHEMAS];
  const { status, stdout, stderr } = spawnSync('kubeconform', args, { input: text, encoding: 'utf8' });
  return status === 0 ? '' : stdout + stderr;
}

describe('the API of Kubernetes', { skip: NO_KUBECONFORM || NO_HELM }, () => {
  for (const [name, fragment] of Object.entries(FRAGMENTS)) {
    test(`knows all that the chart renders with ${name}`, () => {
      assert.equal(conform(render(over(LEAST, fragment))), '');
    });
  }

  for (const folder of ['k8s', 'k8s/observe']) {
    test(`knows all of ${folder}`, () => {
      const { resources } = load(read(`${folder}/kustomization.yaml`)) as { resources: string[] };
      const files = resources.filter((name) => name.endsWith('.yaml'));
      assert.ok(files.length > 1);
      assert.equal(conform(files.map((name) => read(`${folder}/${name}`)).join('\n---\n')), '');
    });
  }

  test('does not know a field that is misspelt', () => {
    const text = render(LEAST).replaceAll('minReadySeconds', 'minReadySecond');
    assert.match(conform(text), /minReadySecond/);
  });
});

describe('the files of development', { skip: NO_HELM }, () => {
  for (const files of [['values-dev'], ['values-dev', 'values-kind']]) {
    test(`${files.join(' and ')} render`, () => {
      const values = files.map((name) => load(read(`k8s/${name}.yaml`)) as Values);
      render(values.reduce(over));
    });
  }

  test('the Prometheus of development has all alerts, and looks for what the chart marks', () => {
    const { configMapGenerator } = load(read('grafana/kustomization.yaml')) as {
      configMapGenerator: { files: string[] }[];
    };
    const alerts = globSync('alerts/*.yaml', { cwd: path.join(PROJECT, 'grafana') });
    assert.deepEqual(configMapGenerator[0]!.files.toSorted(), alerts.toSorted());
    const marked = [...render(LEAST).matchAll(/^ +(\S+): "true"$/gm)].map(([, label]) => label!);
    const [label] = new Set(marked.filter((name) => name.startsWith('seqline/')));
    const source = `__meta_kubernetes_service_label_${label!.replaceAll(/\W/g, '_')}`;
    assert.ok(read('k8s/observe/prometheus.yml').includes(`source_labels: [${source}, `));
  });

  test('the chart passes the strict lint', () => {
    const args = ['lint', '--strict', CHART, '--values', path.join(PROJECT, 'k8s/values-dev.yaml')];
    const { status, stdout, stderr } = spawnSync('helm', args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  });
});

describe('the documents of the chart', () => {
  const values = read('charts/seqline/values.yaml');

  test('the README shows every value, with its default and its meaning', () => {
    const [, table] = /<!-- values -->\n\n([\s\S]*)\n<!-- \/values -->/.exec(
      read('charts/seqline/README.md'),
    )!;
    assert.equal(table, valuesTable(values), 'run `npm run chart:readme`');
    assert.deepEqual(undocumented(values), []);
  });

  test('the schema knows every value, and no other', () => {
    const schema = JSON.parse(read('charts/seqline/values.schema.json'));
    const { global: _, ...known } = schema.properties;
    assert.deepEqual(differences(known, load(values) as Values, schema.$defs), []);
  });

  test('the chart is of the version of the package', () => {
    const { version } = JSON.parse(read('package.json'));
    const chart = load(read('charts/seqline/Chart.yaml')) as { version: string; appVersion: string };
    assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  });
});

type Schema = { $ref?: string; properties?: Record<string, Schema> };

/** Paths that only one of the two has. */
function differences(
  properties: Record<string, Schema>,
  values: Values,
  defs: Record<string, Schema>,
  prefix = '',
): string[] {
  const names = new Set([...Object.keys(properties), ...Object.keys(values)]);
  return [...names].flatMap((name) => {
    const at = prefix + name;
    const property = properties[name];
    if (!property || !(name in values)) return [at];
    const below = (property.$ref ? defs[property.$ref.split('/').at(-1)!] : property)?.properties;
    // Resources may name what they like of their three parts.
    if (!below || property.$ref?.endsWith('/resources')) return [];
    return differences(below, values[name] as Values, defs, `${at}.`);
  });
}
