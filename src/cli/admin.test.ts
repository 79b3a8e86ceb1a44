import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

const MAIN = path.join(import.meta.dirname, '../main.ts');

/** Nothing listens on port 1. */
const NO_SERVERS = {
  KAFKA_BROKERS: '127.0.0.1:1',
  MYSQL_URL: 'mysql://im:im@127.0.0.1:1/im',
  REDIS_URL: 'redis://127.0.0.1:1',
};

function seqline(line: string, env: Record<string, string> = {}) {
  const args = [MAIN, ...line.split(' ')];
  return spawnSync(process.execPath, args, { env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' });
}

test('a command that is given wrongly says how, shows its help, and ends with 2', () => {
  const { status, stdout, stderr } = seqline('admin dlq replay');
  assert.equal(status, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^seqline: exactly one operand is needed\.\n\nUsage: seqline admin dlq list/);
});

test('without the variables of the servers it names them, and ends with 1', () => {
  const { status, stderr } = seqline('admin lag');
  assert.equal(status, 1);
  for (const name of Object.keys(NO_SERVERS)) assert.match(stderr, new RegExp(`${name} is not set`));
  assert.match(stderr, /same environment as a worker/);
});

test('servers that are out of reach end it with 1, and with where to look', () => {
  for (const [line, remedy] of [
    ['admin lag', /kafka: .*Check KAFKA_BROKERS/],
    ['admin routes ada', /redis: .*Check REDIS_URL/],
    ['admin conversation p2p:ada:bob', /mysql: .*Check MYSQL_URL/],
  ] as const) {
    const { status, stdout, stderr } = seqline(line, NO_SERVERS);
    assert.equal(status, 1, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, remedy);
  }
});
