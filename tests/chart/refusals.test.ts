import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LEAST, over } from './fragments.ts';
import { NO_HELM, tryRender, type Values } from './rendering.ts';

/** What no schema can say: values, and what is said of them. */
const CONTRADICTIONS: [Values, RegExp][] = [
  [{ mysql: { url: '' } }, /mysql: set exactly one/],
  [{ redis: { existingSecret: { name: 'too' } } }, /redis: set exactly one .*2 are set/],
  [{ kafka: { brokers: '' } }, /kafka\.brokers/],
  [{ kafka: { sasl: { mechanism: 'plain', username: 'im' } } }, /kafka\.sasl: with a mechanism/],
  [{ kafka: { sasl: { username: 'im' } } }, /without a mechanism/],
  [{ auth: { jwtSecret: '' } }, /auth: set exactly one .*0 are set/],
  [{ auth: { jwksUrl: 'https://id.example.com/jwks' } }, /auth: set exactly one .*2 are set/],
  [{ auth: { jwtSecret: '', jwksUrl: 'https://id.example.com/jwks', devTokens: true } }, /auth\.devTokens/],
  [{ s3: { endpoint: 'https://s3.example.com' } }, /s3: with an endpoint/],
  [{ s3: { endpoint: 'https://s3.example.com', bucket: 'b', accessKeyId: 'half' } }, /s3: with an endpoint/],
  [{ s3: { bucket: 'pictures' } }, /s3\.endpoint/],
  [
    {
      s3: { endpoint: 'https://s3.example.com', bucket: 'b', existingSecret: { name: 's3' } },
      uploads: { existingClaim: 'pictures' },
    },
    /uploads\.existingClaim/,
  ],
  [{ config: { heartbeatTimeoutMs: 60_000 } }, /more than twice/],
  [{ config: { extra: { DRAIN_MS: 5 } } }, /config\.extra\.DRAIN_MS/],
  [{ config: { extra: { KAFKA_SSL: true } } }, /config\.extra\.KAFKA_SSL/],
  [{ kafka: { partitions: 4 }, worker: { replicas: 5 } }, /worker\.replicas/],
  [{ kafka: { partitions: 4 }, worker: { keda: { enabled: true, maxReplicas: 5 } } }, /keda\.maxReplicas/],
  [{ worker: { keda: { enabled: true, minReplicas: 9 } } }, /keda\.minReplicas/],
  [{ gateway: { autoscaling: { enabled: true, minReplicas: 11 } } }, /autoscaling\.minReplicas/],
  [{ gateway: { autoscaling: { enabled: true, targetCpuPercent: 0 } } }, /set a target/],
  [
    { gateway: { autoscaling: { enabled: true, targetConnections: 10, targetCpuPercent: 0 } } },
    /targetConnections: set targetCpuPercent/,
  ],
  [{ gateway: { service: { nodePort: 30080 } } }, /nodePort: needs the type/],
  [{ httpRoute: { enabled: true } }, /httpRoute\.parentRefs/],
];

/** Misspelt, out of range, or of another form. */
const MISTAKES: [Values, RegExp][] = [
  [{ gatway: {} }, /'gatway' not allowed/],
  [{ gateway: { replica: 3 } }, /'replica' not allowed/],
  [{ mysql: { existingSecret: { secret: 'x' } } }, /'secret' not allowed/],
  [{ mysql: { url: 'postgres://a' } }, /\/mysql\/url/],
  [{ kafka: { brokers: 'kafka' } }, /\/kafka\/brokers/],
  [{ kafka: { sasl: { mechanism: 'gssapi' } } }, /\/kafka\/sasl\/mechanism/],
  [{ gateway: { replicas: 0 } }, /\/gateway\/replicas/],
  [{ gateway: { maxSurge: 0 } }, /\/gateway\/maxSurge/],
  [{ worker: { keda: { minReplicas: 0 } } }, /\/worker\/keda\/minReplicas/],
  [{ image: { pullPolicy: 'Sometimes' } }, /\/image\/pullPolicy/],
  [{ image: { digest: 'sha256:short' } }, /\/image\/digest/],
  [{ config: { extra: { lower: 1 } } }, /invalid propertyName 'lower'/],
  [{ topologySpreadConstraints: [{ labelSelector: {} }] }, /\/topologySpreadConstraints/],
  [{ auth: { devTokens: 'yes' } }, /\/auth\/devTokens/],
];

describe('values that are refused', { skip: NO_HELM }, () => {
  for (const [values, said] of [...CONTRADICTIONS, ...MISTAKES]) {
    test(JSON.stringify(values), () => {
      const { ok, fault } = tryRender(over(LEAST, values));
      assert.equal(ok, false);
      assert.match(fault, said);
    });
  }

  test('all contradictions are named at once', () => {
    const { fault } = tryRender({ httpRoute: { enabled: true } });
    for (const name of ['mysql', 'redis', 'kafka', 'auth', 'httpRoute']) {
      assert.match(fault, new RegExp(`- ${name}`));
    }
  });

  test('what a chart above gives to all its parts is let through', () => {
    assert.ok(tryRender(over(LEAST, { global: { anything: { at: 'all' } } })).ok);
  });
});
