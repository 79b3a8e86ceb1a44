import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';

const PROJECT = path.join(import.meta.dirname, '../../..');
const RUN_MS_MAX = 420_000;
const CHARS_SHOWN = 20_000;
/** Of those that run against any server, so that it is noticed when they are skipped or not found. */
const PASSED_MIN = 200;

test('the wire protocol holds, rule by rule, for clients that are spread over the gateways of a cluster', {
  skip: NO_SERVERS,
  timeout: RUN_MS_MAX + 60_000,
}, async (t) => {
  await using cluster = await startCluster({ gateways: 2, workers: 2, env: { AUTH_DEV_TOKENS: 'true' } });
  const urls = cluster.gateways.map(({ url }) => url).join(',');
  const { code, output } = await runConformance(urls, cluster.secret);
  const count = (what: string) => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1]);
  t.diagnostic(`${count('pass')} passed, ${count('skipped')} need a server of their own`);
  assert.equal(code, 0, `${output.slice(-CHARS_SHOWN)}\n${cluster.log().slice(-CHARS_SHOWN)}`);
  assert.equal(count('fail'), 0);
  assert.ok(count('pass') >= PASSED_MIN, `${count('pass')} passed`);
});

async function runConformance(
  urls: string,
  secret: string,
): Promise<{ code: number | null; output: string }> {
  const files = globSync('tests/conformance/**/*.test.ts', { cwd: PROJECT });
  const options = ['--test', '--conditions=seqline-source', '--test-concurrency=2', '--test-reporter=spec'];
  const child = spawn(process.execPath, [...options, ...files], {
    cwd: PROJECT,
    env: { PATH: process.env.PATH, NO_COLOR: '1', SEQLINE_URLS: urls, AUTH_JWT_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  const [code] = await once(child, 'exit');
  return { code, output };
}
