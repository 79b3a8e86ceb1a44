import type { Values } from './rendering.ts';

/** The least that renders. */
export const LEAST: Values = {
  mysql: { url: 'mysql://im:secret-of-mysql@mysql:3306/im' },
  redis: { url: 'redis://redis:6379' },
  kafka: { brokers: 'kafka:9092' },
  auth: { jwtSecret: 'secret-of-tokens' },
};

const placed = {
  podAnnotations: { 'example.com/a': 'yes' },
  podLabels: { team: 'chat' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ key: 'chat', operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
  priorityClassName: 'high',
};

/** Everything that can be switched on, each alone; laid over `LEAST`. */
export const FRAGMENTS: Record<string, Values> = {
  'the least': {},
  'names and labels': {
    nameOverride: 'chat',
    fullnameOverride: 'chat-of-ours',
    commonLabels: { 'example.com/cost': 'chat' },
  },
  'an image by digest': {
    image: { repository: 'registry.example.com/seqline', digest: `sha256:${'a'.repeat(64)}` },
    imagePullSecrets: [{ name: 'registry' }],
  },
  'Secrets that exist': {
    mysql: { url: '', existingSecret: { name: 'stores', key: 'mysql' } },
    redis: { url: '', existingSecret: { name: 'stores', key: 'redis' }, cluster: true },
    auth: { jwtSecret: '', existingSecret: { name: 'tokens', key: 'key' } },
    s3: { endpoint: 'https://s3.example.com', bucket: 'pictures', existingSecret: { name: 's3' } },
  },
  'SASL with a password': {
    kafka: { tls: true, sasl: { mechanism: 'scram-sha-512', username: 'im', password: 'secret-of-kafka' } },
  },
  'SASL with a Secret, and KEDA': {
    kafka: { tls: true, sasl: { mechanism: 'plain', username: 'im', existingSecret: { name: 'kafka' } } },
    worker: { keda: { enabled: true } },
  },
  'published keys': {
    auth: { jwtSecret: '', jwksUrl: 'https://id.example.com/jwks', issuer: 'id', audience: 'chat' },
    test: { existingSecret: 'two-tokens' },
  },
  'development tokens': { auth: { devTokens: true } },
  'pictures in S3': {
    s3: {
      endpoint: 'https://s3.example.com',
      bucket: 'pictures',
      accessKeyId: 'a',
      secretAccessKey: 'secret-of-s3',
    },
  },
  'pictures on a claim': { uploads: { existingClaim: 'pictures' } },
  settings: {
    config: {
      logLevel: 'debug',
      allowedOrigins: ['https://a.example', 'https://b.example'],
      trustProxy: true,
      drainMs: 45_500,
      extra: { MESSAGES_PER_SECOND: 20 },
    },
    readOnlyRootFilesystem: false,
  },
  'a Service on nodes': {
    gateway: { service: { type: 'NodePort', nodePort: 30080, annotations: { a: 'b' } } },
  },
  'autoscaling by all': {
    gateway: { autoscaling: { enabled: true, targetConnections: 5000, targetMemoryPercent: 80 } },
  },
  KEDA: { worker: { keda: { enabled: true } } },
  'places for pods': { gateway: placed, worker: placed, controller: placed },
  'spread otherwise': {
    topologySpreadConstraints: [
      {
        maxSkew: 2,
        topologyKey: 'rack',
        whenUnsatisfiable: 'DoNotSchedule',
        matchLabelKeys: ['pod-template-hash'],
      },
    ],
  },
  'no budgets': { podDisruptionBudget: { enabled: false } },
  'an Ingress for any name': { ingress: { enabled: true } },
  'an Ingress': {
    ingress: {
      enabled: true,
      className: 'nginx',
      annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600' },
      hosts: ['chat.example.com', 'im.example.com'],
      tls: [{ secretName: 'chat-tls', hosts: ['chat.example.com', 'im.example.com'] }],
    },
  },
  'an HTTPRoute': {
    httpRoute: {
      enabled: true,
      parentRefs: [{ name: 'public' }],
      hostnames: ['chat.example.com'],
      annotations: { a: 'b' },
      timeouts: { request: '0s' },
    },
  },
  'network policies': { networkPolicy: { enabled: true } },
  'network policies with peers': {
    networkPolicy: {
      enabled: true,
      publicFrom: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
      internalFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
    },
  },
  'a ServiceMonitor': { metrics: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } } },
  'alerts and dashboards': {
    metrics: {
      prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
      dashboards: { enabled: true },
    },
  },
};

/** One over the other, as Helm lays values: objects key by key, anything else as a whole. */
export function over(below: Values, above: Values): Values {
  const merged: Values = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key];
    merged[key] = isObject(under) && isObject(value) ? over(under, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
