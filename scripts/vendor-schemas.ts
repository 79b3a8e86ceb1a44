import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';

/**
 * Makes `tests/chart/schemas` from what Kubernetes and others release: `node scripts/vendor-schemas.ts SWAGGER CRD…`,
 * with `api/openapi-spec/swagger.json` of Kubernetes and the YAML files of the custom resources. Kept are the kinds that
 * the chart and `k8s/` use, without descriptions; a field that no kind has is an error, as it would be ignored.
 */
const KINDS = [
  'apps/v1 Deployment',
  'apps/v1 StatefulSet',
  'autoscaling/v2 HorizontalPodAutoscaler',
  'batch/v1 Job',
  'coordination.k8s.io/v1 Lease',
  'networking.k8s.io/v1 Ingress',
  'networking.k8s.io/v1 NetworkPolicy',
  'policy/v1 PodDisruptionBudget',
  'rbac.authorization.k8s.io/v1 Role',
  'rbac.authorization.k8s.io/v1 RoleBinding',
  'v1 ConfigMap',
  'v1 Namespace',
  'v1 Pod',
  'v1 Secret',
  'v1 Service',
  'v1 ServiceAccount',
];
const OUT = path.join(import.meta.dirname, '../tests/chart/schemas');
const DEFINITIONS = 'definitions.json';

const INT_OR_STRING = 'x-kubernetes-int-or-string';
/** Written as text, and as numbers too. */
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

type Schema = { [key: string]: unknown };

const [swagger, ...crds] = process.argv.slice(2);
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
vendorKinds(JSON.parse(readFileSync(swagger!, 'utf8')).definitions);
for (const file of crds) vendorCrd(load(readFileSync(file, 'utf8')) as Schema);

/** Definitions that several kinds share stand in one file, to which the kinds' own files refer. */
function vendorKinds(all: Record<string, Schema>): void {
  const kept: Record<string, Schema> = {};
  const keep = (name: string): void => {
    if (kept[name]) return;
    kept[name] = name === QUANTITY ? { type: ['string', 'number'] } : strict(all[name]!);
    for (const [, next] of JSON.stringify(kept[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) keep(next!);
  };
  for (const [name, definition] of Object.entries(all)) {
    const kinds = (definition['x-kubernetes-group-version-kind'] ?? []) as Record<string, string>[];
    const kind = kinds.find((one) => KINDS.includes(idOf(one)));
    if (!kind) continue;
    keep(name);
    write(kind.kind!, idOf(kind).split(' ')[0]!, { $ref: `${DEFINITIONS}#/definitions/${name}` });
  }
  writeFileSync(path.join(OUT, DEFINITIONS), `${JSON.stringify({ definitions: kept })}\n`);
}

function vendorCrd(crd: Schema): void {
  const { group, names, versions } = crd.spec as {
    group: string;
    names: { kind: string };
    versions: { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
  for (const { name, schema } of versions) {
    write(names.kind, `${group}/${name}`, strict(schema.openAPIV3Schema, { metadata: { type: 'object' } }));
  }
}

function idOf({ group, version, kind }: Record<string, string>): string {
  return `${group ? `${group}/` : ''}${version} ${kind}`;
}

/** Named as the tests tell kubeconform: kind, group and version. */
function write(kind: string, apiVersion: string, schema: Schema): void {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const name = [kind.toLowerCase(), group!.split('.')[0], version].filter(Boolean).join('-');
  writeFileSync(path.join(OUT, `${name}.json`), `${JSON.stringify(schema)}\n`);
}

/** Without descriptions and without fields that nobody described; what may hold anything still may. */
function strict(schema: Schema, known: Schema = {}): Schema {
  const copy = copied(schema) as Schema;
  Object.assign((copy.properties as Schema) ?? {}, known);
  return copy;
}

function copied(value: unknown, isMap = false): unknown {
  if (Array.isArray(value)) return value.map((one) => copied(one));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key]) => isMap || (key !== 'description' && !(key.startsWith('x-') && key !== INT_OR_STRING)),
  );
  const copy = Object.fromEntries(
    entries.map(([key, one]) => [
      key,
      copied(one, !isMap && (key === 'properties' || key === 'definitions')),
    ]),
  );
  if (isMap) return copy;
  if (copy.format === 'int-or-string' || copy[INT_OR_STRING]) return { type: ['string', 'integer'] };
  const isOpen = (value as Schema)['x-kubernetes-preserve-unknown-fields'];
  if (copy.properties && !isOpen) copy.additionalProperties = false;
  return copy;
}
