import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type OwnServer, startOwnServer } from '../harness/own-server.ts';
import { whyNoK6 } from './run-scenario.ts';

const MAIN = path.join(import.meta.dirname, '../../loadtest/capacity/main.ts');

describe('the search for the capacity', { skip: whyNoK6() }, () => {
  let server: OwnServer;

  before(async () => {
    server = await startOwnServer();
  });
  after(() => server.stop());

  async function search(limits: Record<string, string>): Promise<string> {
    const { PATH, HOME, K6 } = process.env;
    const to = {
      BASE_URL: server.url,
      AUTH_JWT_SECRET: server.secret,
      METRICS_URLS: `${server.internalUrl}/metrics`,
    };
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH, HOME, ...(K6 && { K6 }), ...to, ...limits },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        output += part;
      });
    }
    const [code] = await once(child, 'close');
    assert.equal(code, 0, output);
    return output;
  }

  test('goes on to the highest rate that is allowed', async () => {
    const patient = { SENT_P99_MS: '60000', DELIVERED_P99_MS: '60000' };
    const output = await search({ ...patient, DURATION: '4s', RATE: '10', RATE_MAX: '30' });
    assert.deepEqual(
      [...output.matchAll(/^ +(\d+) a second holds/gm)].map(([, rate]) => rate),
      ['10', '20', '30'],
    );
    assert.match(output, /CPUs: k6 \d+\.\d\d, server \d+\.\d\d \(lag \d+ ms\), idle \d+ %/);
    assert.match(output, /hold at 30 messages a second\.\nNo higher rate was tried: RATE_MAX is 30\./);
  });

  test('says where no rate holds', async () => {
    const output = await search({ SENT_P99_MS: '0', DURATION: '1s', RATE: '2' });
    assert.match(output, /hold at 0 messages a second\.\nAt 1 they do not\. What was full there:\n {2}\S/);
  });
});
