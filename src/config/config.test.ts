import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, describeConfig, parseConfig } from './config.ts';

function faultsOf(env: Record<string, string>, role: 'standalone' | 'gateway' = 'standalone'): string {
  try {
    parseConfig(role, env);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.faults.join('\n');
  }
  return '';
}

test('an empty environment is a valid standalone: loopback, with development tokens', () => {
  const config = parseConfig('standalone', {});
  assert.equal(config.HOST, '127.0.0.1');
  assert.equal(config.PORT, 8080);
  assert.equal(config.AUTH_DEV_TOKENS, true);
});

test('development tokens on another address must be asked for twice', () => {
  assert.equal(parseConfig('standalone', { HOST: '0.0.0.0' }).AUTH_DEV_TOKENS, false);
  assert.match(faultsOf({ HOST: '0.0.0.0', AUTH_DEV_TOKENS: 'true' }), /AUTH_DEV_TOKENS_PUBLIC/);
  const twice = { HOST: '0.0.0.0', AUTH_DEV_TOKENS: 'true', AUTH_DEV_TOKENS_PUBLIC: 'true' };
  assert.equal(parseConfig('standalone', twice).AUTH_DEV_TOKENS, true);
  assert.match(faultsOf({ AUTH_DEV_TOKENS: 'true' }, 'gateway'), /AUTH_DEV_TOKENS_PUBLIC/);
});

test('all faults are named at once, secrets are not shown', () => {
  const faults = faultsOf({
    PORT: 'http',
    IM_PORT: '1',
    ALLOWED_ORIGINS: 'https://a.example/path',
    TRUST_PROXY: 'yes',
  });
  for (const name of ['PORT', 'IM_PORT', 'ALLOWED_ORIGINS', 'TRUST_PROXY'])
    assert.match(faults, new RegExp(name));
  const config = parseConfig('standalone', { AUTH_JWT_SECRET: 'hunter2' });
  assert.doesNotMatch(describeConfig(config), /hunter2/);
  assert.match(describeConfig(config), /AUTH_JWT_SECRET +\*{8}/);
});

test('settings that contradict each other are refused', () => {
  assert.match(faultsOf({ HEARTBEAT_INTERVAL_MS: '30000', HEARTBEAT_TIMEOUT_MS: '60000' }), /twice/);
  assert.match(faultsOf({ AUTH_JWT_SECRET: 'x', AUTH_JWKS_URL: 'https://a.example/jwks' }), /exclude/);
  const keysAndTokens = { AUTH_JWKS_URL: 'https://a.example/jwks', AUTH_DEV_TOKENS: 'true' };
  assert.match(faultsOf(keysAndTokens), /AUTH_JWT_SECRET/);
});

test('of traces a share is taken, by a sampler that there is', () => {
  assert.equal(parseConfig('standalone', { OTEL_TRACES_SAMPLER_ARG: '0.01' }).OTEL_TRACES_SAMPLER_ARG, 0.01);
  for (const share of ['1.01', '-0.1', '1 %']) {
    assert.match(
      faultsOf({ OTEL_TRACES_SAMPLER_ARG: share }),
      /OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1/,
    );
  }
  assert.match(
    faultsOf({ OTEL_TRACES_SAMPLER: 'ratio' }),
    /OTEL_TRACES_SAMPLER must be one of .*parentbased_traceidratio/,
  );
});

test('S3 is set as a whole or not at all, and its secret is not shown', () => {
  const half = { S3_ENDPOINT: 'https://s3.example.com', S3_BUCKET: 'pictures' };
  assert.match(faultsOf(half), /^S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY must be set too/);
  assert.match(faultsOf({ S3_ENDPOINT: 's3.example.com:443' }), /S3_ENDPOINT must be a URL/);
  assert.match(faultsOf({ S3_BUCKET: 'up/../there' }), /S3_BUCKET must match/);
  const whole = { ...half, S3_ACCESS_KEY_ID: 'someone', S3_SECRET_ACCESS_KEY: 'hunter2' };
  const config = parseConfig('standalone', whole);
  assert.equal(config.S3_REGION, 'us-east-1');
  assert.doesNotMatch(describeConfig(config), /hunter2/);
});

test('an empty variable counts as not set', () => {
  assert.equal(parseConfig('standalone', { PORT: '' }).PORT, 8080);
});
