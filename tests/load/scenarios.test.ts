import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../harness/eventually.ts';
import { type OwnServer, startOwnServer } from '../harness/own-server.ts';
import { readMetrics } from '../harness/read-metrics.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import { type Run, runScenario, whyNoK6 } from './run-scenario.ts';

describe('a load test', { skip: whyNoK6() }, () => {
  let server: OwnServer;
  let to: Record<string, string>;

  before(async () => {
    server = await startOwnServer();
    to = { BASE_URL: server.url, AUTH_JWT_SECRET: server.secret };
  });
  after(() => server.stop());

  test('of pairs that chat: everything arrives', async () => {
    const run = await runScenario('chat', { ...to, USERS: '10', RATE: '40', DURATION: '3s' });
    assertPassed(run);
    assert.equal(run.report!.counters.im_expected, 240);
    assert.equal(run.report!.counters.im_delivered, 240);
    assert.equal(run.report!.trends.im_sent_latency!.count, 120);
    assert(run.report!.overTime.im_delivered_latency!.length > 10);
    assert.match(run.output, /^chat: passed$/m);
  });

  test('takes development tokens where it has no secret', async () => {
    const run = await runScenario('chat', { BASE_URL: server.url, USERS: '2', RATE: '10', DURATION: '1s' });
    assertPassed(run);
    assert.equal(run.report!.counters.im_delivered, 20);
  });

  test('of groups: each message reaches all members', async () => {
    const run = await runScenario('group', {
      ...to,
      USERS: '24',
      GROUP_SIZE: '12',
      RATE: '10',
      DURATION: '3s',
    });
    assertPassed(run);
    assert.equal(run.report!.counters.im_delivered, 30 * 12);
  });

  test('of a storm: all are in, and pushes reach them', async () => {
    const run = await runScenario('connect-storm', { ...to, USERS: '60', RATE: '40', DURATION: '1s' });
    assertPassed(run);
    assert.equal(run.report!.counters.im_ready, 60);
    assert.equal(run.report!.counters.im_delivered, 60);
    assert(run.report!.trends.im_ready_time!.max! > 1000, 'they came at their rate');
  });

  test('of catching up: what was missed is pulled', async () => {
    const run = await runScenario('catch-up', { ...to, USERS: '2', RATE: '45', DURATION: '6s' });
    assertPassed(run);
    assert.equal(run.report!.counters.im_delivered, 540);
    assert.equal(run.report!.trends.im_delivered_latency!.count, 270, 'who was away is not measured');
    assert.equal(run.report!.trends.im_catch_up_latency!.count, 1);
  });

  test('of a long time, cut short', async () => {
    const run = await runScenario('soak', { ...to, USERS: '8', RATE: '20', DURATION: '8s' });
    assertPassed(run);
    assert.equal(run.report!.counters.im_delivered, 160 * 4);
  });

  test('of a rollout fails where nothing was replaced', async () => {
    const run = await runScenario('rollout', { ...to, USERS: '4', RATE: '10', DURATION: '1s' });
    assert.deepEqual(run.failed, ['im_reconnects']);
    assert.equal(run.code, 99);
  });
});

/** With the close that its clients see. */
const ENDS = [
  ['killed', 'SIGKILL', 1006],
  ['stopped', 'SIGTERM', 1012],
] as const;

for (const [how, signal, close] of ENDS) {
  test(`a rollout in which the server is ${how} loses nothing`, { skip: whyNoK6() }, async () => {
    await using server = await createRestartableServer();
    await server.start();
    const to = { BASE_URL: server.url, AUTH_JWT_SECRET: server.secret };
    const run = await runScenario(
      'rollout',
      { ...to, USERS: '8', RATE: '20', DURATION: '20s', SETTLE: '60s' },
      async () => {
        await eventually('messages are stored', () => hasStored(server.internalUrl, 40));
        server.signal(signal);
        await server.exited();
        await server.start();
      },
    );
    assertPassed(run);
    assert.equal(run.report!.counters.im_expected, 800);
    assert.equal(run.report!.counters.im_reconnects, 8);
    assert.equal(run.report!.counters[`im_closes{code:${close}}`], 8);
  });
}

const STORED = /^im_worker_messages_total\{.*outcome="stored"/;

async function hasStored(internalUrl: string, count: number): Promise<boolean> {
  const { series } = await readMetrics(internalUrl);
  return [...series].some(([name, stored]) => STORED.test(name) && stored >= count);
}

function assertPassed({ code, output, failed, report }: Run): void {
  assert.deepEqual({ failed, code }, { failed: [], code: 0 }, output);
  assert.equal(report!.passed, true);
}
