import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type OwnServer, startOwnServer } from '../harness/own-server.ts';
import { type Spoil, startRelay } from './relay.ts';
import { type Run, runScenario, whyNoK6 } from './run-scenario.ts';

const SHORT = { USERS: '4', RATE: '20', DURATION: '2s', SETTLE: '1s' };
/** The message of a conversation that something happens to, with one of the same sender after the next. */
const SEQ = 3;
const THRESHOLDS_CROSSED = 99;

describe('a load test sees', { skip: whyNoK6() }, () => {
  let server: OwnServer;

  before(async () => {
    server = await startOwnServer();
  });
  after(() => server.stop());

  async function chatThrough(spoil: Spoil): Promise<Run> {
    await using relay = await startRelay(server.url, spoil);
    return await runScenario('chat', { ...SHORT, BASE_URL: relay.url, AUTH_JWT_SECRET: server.secret });
  }

  function assertFailed(run: Run, counters: Record<string, number>): void {
    assert.equal(run.code, THRESHOLDS_CROSSED, run.output);
    assert.deepEqual(run.failed, Object.keys(counters).sort());
    for (const [name, count] of Object.entries(counters))
      assert.equal(run.report!.counters[name], count, name);
  }

  test('nothing where the relay spoils nothing', async () => {
    const run = await chatThrough((message) => [message]);
    assert.equal(run.code, 0, run.output);
  });

  test('a push that does not come, and that the message is not lost', async () => {
    let left = 1;
    const run = await chatThrough((message, { pushed }) =>
      pushed && isOfRun(message.msg_id) && message.seq === SEQ && left-- > 0 ? [] : [message],
    );
    assertFailed(run, { im_missed_pushes: 1 });
    assert.equal(run.report!.counters.im_missing, 0);
  });

  test('a message that is lost', async () => {
    const run = await chatThrough((message) =>
      isOfRun(message.msg_id) && message.seq === SEQ ? [] : [message],
    );
    // Two conversations with two readers each.
    assertFailed(run, { im_missing: 4, im_gaps: 4 });
  });

  test('a message that comes under a second number', async () => {
    const run = await chatThrough((message, { pushed }) =>
      pushed && isOfRun(message.msg_id) && message.seq === 1
        ? [message, { ...message, seq: 1000 }]
        : message.seq === 1000
          ? []
          : [message],
    );
    assert(run.failed.includes('im_duplicates'), run.output);
    assert.equal(run.report!.counters.im_duplicates, 4);
    assert.equal(run.code, THRESHOLDS_CROSSED);
  });

  test('two messages of one sender in each other’s place', async () => {
    const other: Record<number, number> = { [SEQ]: SEQ + 2, [SEQ + 2]: SEQ };
    const run = await chatThrough((message) => [
      isOfRun(message.msg_id) ? { ...message, seq: other[message.seq] ?? message.seq } : message,
    ]);
    assertFailed(run, { im_order_violations: 4 });
  });

  test('a message that was changed', async () => {
    const run = await chatThrough((message) => [
      isOfRun(message.msg_id) && message.seq === SEQ ? { ...message, content: 'other' } : message,
    ]);
    assert(run.failed.includes('im_unexpected'), run.output);
    assert.equal(run.code, THRESHOLDS_CROSSED);
  });
});

describe('the doctor of a load test', { skip: whyNoK6() }, () => {
  const cases: [what: string, env: Record<string, string>, says: RegExp][] = [
    [
      'nobody answers',
      { BASE_URL: 'http://127.0.0.1:1' },
      /Nobody answers at http:\/\/127\.0\.0\.1:1: .*npm start/,
    ],
    [
      'users may not send so much',
      { USERS: '2', RATE: '101' },
      /RATE 101 for 2 who write .* take more USERS/,
    ],
  ];
  for (const [what, env, says] of cases) {
    test(`says that ${what}`, async () => assertDidNotBegin(await runScenario('chat', env), says));
  }

  test('says what a server does not let it do', async () => {
    const server = await startOwnServer({ AUTH_DEV_TOKENS: 'false' });
    try {
      const to = { BASE_URL: server.url };
      assertDidNotBegin(await runScenario('chat', to), /gives no development tokens: set AUTH_JWT_SECRET/);
      const wrong = await runScenario('chat', { ...to, AUTH_JWT_SECRET: 'another' });
      assertDidNotBegin(wrong, /does not take a token: GET \/v1\/me gave HTTP 401/);
    } finally {
      await server.stop();
    }
  });

  test('says where HTTP passes and a WebSocket does not', async () => {
    const server = await startOwnServer();
    const proxy = createServer(async ({ url, headers }, answer) => {
      const { status } = await fetch(`${server.url}${url}`, {
        headers: { authorization: headers.authorization ?? '' },
      });
      answer.writeHead(url === '/ws' ? 403 : status).end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const run = await runScenario('chat', { BASE_URL: url, AUTH_JWT_SECRET: server.secret });
      assertDidNotBegin(
        run,
        /No WebSocket at .*HTTP 403 comes from the check of the Origin header \(ALLOWED_ORIGINS\)/,
      );
    } finally {
      proxy.closeAllConnections();
      proxy.close();
      await server.stop();
    }
  });

  function assertDidNotBegin({ code, output, report }: Run, says: RegExp): void {
    assert.match(output, says);
    assert.match(output, /^chat did not begin/m);
    assert.equal(report, undefined);
    assert.notEqual(code, 0);
  }
});

/** Those of the doctor are left alone. */
function isOfRun(msgId: string): boolean {
  return msgId.startsWith('load-');
}
