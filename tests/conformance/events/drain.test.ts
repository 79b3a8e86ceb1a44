import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOwnServer } from '../../harness/own-server.ts';
import { connect } from '../../harness/raw-client.ts';
import { event, logIn } from '../../harness/talk.ts';
import { NEEDS_OWN_SERVER, type Target } from '../../harness/target.ts';

const DRAIN_MS = 400;
const CLIENTS = 20;

test('this gateway goes away: the event drain, no new connections, then close 1012', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const server = await startOwnServer({ DRAIN_MS: String(DRAIN_MS) });
  const target: Target = {
    secret: server.secret,
    nextUrl: () => server.url,
    own: () => server,
    onStop: () => {},
  };
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => logIn(target)));
  const stopping = server.stop();
  await event(clients[0]!, 'drain');
  // Refused at the upgrade, or by a close at once, or because nobody listens any more.
  const late = await connect(target).catch(() => undefined);
  if (late) assert.equal((await late.closed).code, 1012);
  const delays = new Set<number>();
  for (const client of clients) {
    const drain = await event(client, 'drain');
    assert.deepEqual([drain.cmd, drain.code], [5, 0]);
    assert.deepEqual(Object.keys(drain.payload).toSorted(), ['reconnect_after_ms', 'type']);
    const { reconnect_after_ms } = drain.payload;
    assert.ok(Number.isInteger(reconnect_after_ms) && reconnect_after_ms >= 0);
    delays.add(reconnect_after_ms);
    assert.equal((await client.closed).code, 1012);
  }
  assert.ok(delays.size > 1, 'drawn at random for each session');
  await stopping;
});
