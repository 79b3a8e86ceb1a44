import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshUser } from '../harness/names.ts';
import { connect, type RawClient } from '../harness/raw-client.ts';
import { heartbeat, logIn } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';
import { epochSeconds, signToken } from '../harness/tokens.ts';

/** What the protocol says, and how late a busy machine may be. */
const LOGIN_MS_MAX = 10_000;
const FLOOD_MS = 10_000;
const LATE_MS_MAX = 4000;
/** A rate of packets that is above the limit of 200 a second, and how often a part of it is sent. */
const FLOOD_PACKETS_PER_TICK = 25;
const TICK_MS = 50;
/** Timers count from a moment that differs a little on both sides. */
const EARLY_MS_MAX = 500;

const target = await useTarget();

async function closeAfter(client: RawClient, startedAt: number): Promise<{ code: number; ms: number }> {
  const { code } = await client.closed;
  return { code, ms: performance.now() - startedAt };
}

// These wait for times that the protocol fixes, so they wait side by side.
describe('what takes ten seconds', { concurrency: true }, () => {
  test('no login within 10 s: close 4401', async () => {
    const startedAt = performance.now();
    const { code, ms } = await closeAfter(await connect(target), startedAt);
    assert.equal(code, 4401);
    assert.ok(ms > LOGIN_MS_MAX - EARLY_MS_MAX && ms < LOGIN_MS_MAX + LATE_MS_MAX, `after ${ms} ms`);
  });

  test('other commands and pings are no login: close 4401 all the same', async () => {
    const startedAt = performance.now();
    const client = await connect(target);
    const timer = setInterval(() => {
      client.send({ cmd: 0 });
      client.socket.ping();
    }, 1000);
    const { code, ms } = await closeAfter(client, startedAt);
    clearInterval(timer);
    assert.equal(code, 4401);
    assert.ok(ms < LOGIN_MS_MAX + LATE_MS_MAX, `after ${ms} ms`);
  });

  test('a session that keeps sending beyond its rate for 10 s is closed with 4429', async () => {
    const client = await logIn(target);
    const startedAt = performance.now();
    const timer = setInterval(() => {
      for (let i = 0; i < FLOOD_PACKETS_PER_TICK; i++) client.send({ cmd: 0 });
    }, TICK_MS);
    const { code, ms } = await closeAfter(client, startedAt);
    clearInterval(timer);
    assert.equal(code, 4429);
    assert.ok(ms > FLOOD_MS - EARLY_MS_MAX, `after ${ms} ms`);
    assert.ok(client.packets.some((packet) => packet.code === 429));
  });

  test('one that waits for retry_after_ms each time is not closed', async () => {
    const client = await logIn(target);
    const until = performance.now() + FLOOD_MS + 2000;
    let refusals = 0;
    while (performance.now() < until) {
      const answers = await Promise.all(Array.from({ length: 450 }, () => heartbeat(client)));
      const waits = answers
        .filter((answer) => answer.code === 429)
        .map((answer) => answer.payload.retry_after_ms);
      refusals += waits.length;
      await new Promise((done) => setTimeout(done, Math.max(0, ...waits)));
    }
    assert.ok(refusals > 0);
    assert.equal(client.close, undefined);
  });

  test('the session ends when its token expires: close 4401', async () => {
    const user = freshUser('brief');
    const exp = epochSeconds() + 2;
    const client = await logIn(target, { user, token: signToken(target.secret, { sub: user, exp }) });
    const { code } = await client.closed;
    assert.equal(code, 4401);
    const pastMs = Date.now() - exp * 1000;
    const leewayMs = 5000;
    assert.ok(pastMs > -EARLY_MS_MAX && pastMs < leewayMs + LATE_MS_MAX, `${pastMs} ms after its end`);
  });
});
