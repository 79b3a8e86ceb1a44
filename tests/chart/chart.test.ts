import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { FRAGMENTS, LEAST, over } from './fragments.ts';
import {
  find,
  type Manifest,
  manifestsOf,
  NO_HELM,
  PROJECT,
  podsOf,
  render,
  type Values,
} from './rendering.ts';

const GRAFANA = path.join(PROJECT, 'grafana');
const SERVERS = ['gateway', 'worker', 'controller'];
const HOOK = 'helm.sh/hook';
const WEIGHT = 'helm.sh/hook-weight';

function rendered(values: Values = {}): Manifest[] {
  return manifestsOf(render(over(LEAST, values)));
}

/** The variables of a Deployment's container: their values, or what they refer to. */
function environmentOf(manifests: Manifest[], component: string): Record<string, Manifest> {
  const { spec } = find(manifests, 'Deployment', `im-seqline-${component}`).spec.template;
  return Object.fromEntries(
    spec.containers[0].env.map(({ name, value, valueFrom }: Manifest) => [name, value ?? valueFrom]),
  );
}

for (const [name, fragment] of Object.entries(FRAGMENTS)) {
  describe(`the chart with ${name}`, { skip: NO_HELM }, () => {
    const text = NO_HELM ? '' : render(over(LEAST, fragment));
    const manifests = NO_HELM ? [] : manifestsOf(text);
    const pods = podsOf(manifests);

    test('renders the same twice, and each object once', () => {
      assert.equal(render(over(LEAST, fragment)), text);
      const ids = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      assert.deepEqual(ids.toSorted(), [...new Set(ids)].toSorted());
    });

    test('has pods that the standard `restricted` allows, and more than it asks for', () => {
      assert.equal(pods.length, SERVERS.length + 2);
      for (const { name: pod, spec } of pods) assertRestricted(pod, spec, fragment);
    });

    test('names each variable once, and says what each container needs', () => {
      for (const { name: pod, spec } of pods) {
        for (const { env, resources } of spec.containers) {
          const names = env.map((one: Manifest) => one.name);
          assert.deepEqual(names.toSorted(), [...new Set(names)].toSorted(), pod);
          assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory, pod);
        }
      }
    });

    test('keeps secrets out of everything but Secrets', () => {
      const open = manifests.filter(({ kind }) => kind !== 'Secret');
      assert.doesNotMatch(JSON.stringify(open), /secret-of-/);
    });

    test('has selectors that choose the pods of their own component alone', () => {
      const labels = pods.map(({ name: pod, metadata }) => ({ pod, labels: metadata.labels }));
      for (const { kind, metadata, spec } of manifests) {
        const selector = selectorOf(kind, spec);
        if (!selector) continue;
        const chosen = labels.filter((one) =>
          Object.entries(selector).every(([k, v]) => one.labels[k] === v),
        );
        assert.equal(chosen.length, 1, `${kind} ${metadata.name} chooses ${chosen.map(({ pod }) => pod)}`);
        assert.equal(
          chosen[0]!.labels['app.kubernetes.io/component'],
          metadata.labels['app.kubernetes.io/component'],
        );
      }
    });
  });
}

function selectorOf(kind: string, spec: Manifest): Record<string, string> | undefined {
  if (kind === 'Service') return spec.selector;
  if (kind === 'NetworkPolicy') return spec.podSelector.matchLabels;
  return ['Deployment', 'PodDisruptionBudget'].includes(kind) ? spec.selector.matchLabels : undefined;
}

function assertRestricted(pod: string, spec: Manifest, values: Values): void {
  const { runAsNonRoot, runAsUser, seccompProfile } = spec.securityContext;
  assert.deepEqual([runAsNonRoot, seccompProfile.type], [true, 'RuntimeDefault'], pod);
  assert.ok(Number.isInteger(runAsUser) && runAsUser > 0, pod);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers'])
    assert.equal(spec[field], undefined, pod);
  for (const { securityContext, ports = [] } of spec.containers) {
    assert.equal(securityContext.allowPrivilegeEscalation, false, pod);
    assert.equal(securityContext.readOnlyRootFilesystem, values.readOnlyRootFilesystem ?? true, pod);
    assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] }, pod);
    assert.equal(securityContext.privileged, undefined, pod);
    for (const port of ports) assert.equal(port.hostPort, undefined, pod);
  }
  for (const volume of spec.volumes ?? [])
    assert.ok(volume.emptyDir || volume.persistentVolumeClaim, `${pod}: ${JSON.stringify(volume)}`);
  assert.equal(spec.automountServiceAccountToken, pod.endsWith('-controller'), pod);
  assert.equal(spec.enableServiceLinks, false, pod);
}

describe('a rollout', { skip: NO_HELM }, () => {
  test('keeps all that were there, and probes differ in what they are for', () => {
    const manifests = rendered();
    for (const component of SERVERS) {
      const { strategy, template } = find(manifests, 'Deployment', `im-seqline-${component}`).spec;
      assert.deepEqual(strategy.rollingUpdate, { maxUnavailable: 0, maxSurge: 1 });
      const [{ startupProbe, readinessProbe, livenessProbe, lifecycle }] = template.spec.containers;
      assert.equal(readinessProbe.httpGet.path, '/readyz');
      assert.equal(startupProbe.httpGet.path, '/livez');
      assert.equal(livenessProbe.httpGet.path, '/livez');
      assert.ok(startupProbe.periodSeconds * startupProbe.failureThreshold >= 60);
      assert.equal(lifecycle?.preStop.sleep.seconds, component === 'gateway' ? 10 : undefined);
    }
  });

  test('gives a gateway the time that it takes: until nobody is sent there, to drain, and to end', () => {
    const grace = (values: Values) => {
      const { spec } = find(rendered(values), 'Deployment', 'im-seqline-gateway').spec.template;
      return spec.terminationGracePeriodSeconds;
    };
    assert.equal(grace({}), 10 + 30 + 20);
    assert.equal(grace({ config: { drainMs: 45_500 }, gateway: { preStopSeconds: 25 } }), 25 + 46 + 20);
    assert.equal(grace({ config: { drainMs: 0 }, gateway: { preStopSeconds: 0 } }), 20);
  });

  test('happens where a setting or a secret of ours changes, and only then', () => {
    const templateOf = (values: Values, component = 'gateway') =>
      JSON.stringify(find(rendered(values), 'Deployment', `im-seqline-${component}`).spec.template);
    const before = templateOf({});
    assert.equal(templateOf({ ingress: { enabled: true }, gateway: { replicas: 5 } }), before);
    assert.notEqual(templateOf({ config: { trustProxy: true } }), before);
    for (const component of SERVERS) {
      const changed = templateOf({ redis: { url: 'redis://other:6379' } }, component);
      assert.notEqual(changed, templateOf({}, component), component);
    }
  });

  test('never changes a selector, whatever is set but the names', () => {
    const selectors = (values: Values) =>
      SERVERS.map((one) => find(rendered(values), 'Deployment', `im-seqline-${one}`).spec.selector);
    const all = Object.entries(FRAGMENTS)
      .filter(([name]) => name !== 'names and labels')
      .reduce((values, [, fragment]) => over(values, fragment), {} as Values);
    const compatible = over(all, {
      mysql: { url: 'mysql://a', existingSecret: { name: '' } },
      redis: { url: 'redis://a', existingSecret: { name: '' } },
      auth: { jwtSecret: 'a', jwksUrl: '', existingSecret: { name: '' } },
      kafka: { sasl: { password: 'a', existingSecret: { name: '' } } },
      s3: { existingSecret: { name: '' } },
      uploads: { existingClaim: '' },
      image: { tag: 'v9' },
      commonLabels: { 'example.com/cost': 'chat' },
    });
    assert.deepEqual(selectors(compatible), selectors({}));
  });
});

describe('the migration', { skip: NO_HELM }, () => {
  test('comes first, with what it needs before it, and leaves nothing', () => {
    const hooks = rendered().filter(({ metadata }) => metadata.annotations?.[HOOK]?.includes('pre-'));
    const weights = Object.fromEntries(
      hooks.map(({ kind, metadata }) => [kind, Number(metadata.annotations[WEIGHT])]),
    );
    assert.deepEqual(Object.keys(weights).toSorted(), ['Job', 'Secret', 'ServiceAccount']);
    assert.ok(weights.Secret! < weights.Job! && weights.ServiceAccount! < weights.Job!);
    for (const { metadata } of hooks) {
      assert.equal(metadata.name, 'im-seqline-migrate');
      assert.equal(metadata.annotations[HOOK], 'pre-install,pre-upgrade');
      assert.equal(metadata.annotations['helm.sh/hook-delete-policy'], 'before-hook-creation,hook-succeeded');
    }
    const job = find(hooks, 'Job', 'im-seqline-migrate').spec.template.spec;
    const secret = find(hooks, 'Secret', 'im-seqline-migrate');
    for (const { name, valueFrom } of job.containers[0].env) {
      if (!valueFrom) continue;
      assert.equal(valueFrom.secretKeyRef.name, 'im-seqline-migrate');
      assert.ok(secret.stringData[name], name);
    }
  });

  test('needs no Secret of ours where all come from others', () => {
    const manifests = rendered(FRAGMENTS['Secrets that exist']);
    assert.deepEqual(
      manifests.filter(({ kind }) => kind === 'Secret'),
      [],
    );
  });
});

describe('rights in the cluster', { skip: NO_HELM }, () => {
  test('are those of controllers: one Lease, and pods to list and annotate', () => {
    const manifests = rendered();
    const roles = manifests.filter(({ kind }) => /Role$/.test(kind));
    assert.deepEqual(
      roles.map(({ rules }) => rules),
      [
        [
          {
            apiGroups: ['coordination.k8s.io'],
            resources: ['leases'],
            resourceNames: ['im-seqline-controller'],
            verbs: ['get', 'update'],
          },
          { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] },
        ],
      ],
    );
    find(manifests, 'Lease', 'im-seqline-controller');
    const bindings = manifests.filter(({ kind }) => /RoleBinding$/.test(kind));
    assert.deepEqual(
      bindings.map(({ subjects }) => subjects.map((subject: Manifest) => subject.name)),
      [['im-seqline-controller']],
    );
    const environment = environmentOf(manifests, 'controller');
    assert.equal(environment.KUBERNETES_LEASE, 'im-seqline-controller');
    assert.equal(environment.KUBERNETES_NAMESPACE, 'chat');
    const gateway = find(manifests, 'Deployment', 'im-seqline-gateway').spec.selector.matchLabels;
    const selected = environment.KUBERNETES_GATEWAYS.split(',').map((one: string) => one.split('='));
    assert.deepEqual(Object.fromEntries(selected), gateway);
  });
});

describe('scaling', { skip: NO_HELM }, () => {
  test('leaves `replicas` to whoever scales', () => {
    const replicas = (manifests: Manifest[]) =>
      SERVERS.map((one) => find(manifests, 'Deployment', `im-seqline-${one}`).spec.replicas);
    assert.deepEqual(replicas(rendered()), [2, 2, 2]);
    assert.deepEqual(replicas(rendered(FRAGMENTS['autoscaling by all'])), [undefined, 2, 2]);
    assert.deepEqual(replicas(rendered(FRAGMENTS.KEDA)), [2, undefined, 2]);
  });

  test('goes down slowly, and workers by lag alone', () => {
    const { behavior, metrics } = find(
      rendered(FRAGMENTS['autoscaling by all']),
      'HorizontalPodAutoscaler',
      'im-seqline-gateway',
    ).spec;
    assert.ok(behavior.scaleDown.stabilizationWindowSeconds >= 300);
    assert.deepEqual(
      metrics.map((metric: Manifest) => metric.pods?.metric.name ?? metric.resource.name),
      ['im_gateway_connections', 'cpu', 'memory'],
    );
    const manifests = rendered(FRAGMENTS['SASL with a Secret, and KEDA']);
    const { spec } = find(manifests, 'ScaledObject', 'im-seqline-worker');
    assert.equal(spec.minReplicaCount, 1);
    assert.deepEqual(
      [spec.triggers[0].metadata.sasl, spec.triggers[0].metadata.tls, spec.triggers[0].metadata.topic],
      ['plaintext', 'enable', 'im_msg_inbox'],
    );
    const { env } = find(manifests, 'TriggerAuthentication', 'im-seqline-worker').spec;
    for (const { name } of env) assert.ok(environmentOf(manifests, 'worker')[name], name);
  });
});

describe('what on-call looks at', { skip: NO_HELM }, () => {
  const manifests = NO_HELM ? [] : rendered(FRAGMENTS['alerts and dashboards']);
  const shipped = (pattern: string) => globSync(pattern, { cwd: GRAFANA }).toSorted();
  const read = (name: string) => readFileSync(path.join(GRAFANA, name), 'utf8');

  test('are the alerts of grafana/alerts, for the Prometheus operator', () => {
    const names = shipped('alerts/*.yaml');
    assert.ok(names.length > 0);
    for (const name of names) {
      const rule = find(manifests, 'PrometheusRule', `im-seqline-${path.basename(name, '.yaml')}`);
      assert.deepEqual(rule.spec, load(read(name)));
      assert.equal(rule.metadata.labels.release, 'prometheus');
    }
  });

  test('are pods by their names, which kubectl takes', () => {
    const monitor = find(rendered(FRAGMENTS['a ServiceMonitor']), 'ServiceMonitor', 'im-seqline');
    const relabelings = [{ sourceLabels: ['__meta_kubernetes_pod_name'], targetLabel: 'instance' }];
    assert.deepEqual(monitor.spec.endpoints[0].relabelings, relabelings);
  });

  test('are the dashboards of grafana/dashboards, for the sidecar of Grafana', () => {
    const { data, metadata } = find(manifests, 'ConfigMap', 'im-seqline-dashboards');
    const names = shipped('dashboards/*.json');
    assert.ok(names.length > 0);
    assert.deepEqual(
      Object.entries(data).toSorted(),
      names.map((name) => [path.basename(name), read(name)]),
    );
    assert.equal(metadata.labels.grafana_dashboard, '1');
  });
});
