import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import { isStored } from '../harness/raw-client.ts';
import { event, heartbeat, logIn, logInAll, pull, pullInbox, say, watch } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

const TIMEOUT_MS = 900;

const [target, hasty] = await Promise.all([
  useTarget(),
  useTarget({ HEARTBEAT_INTERVAL_MS: '200', HEARTBEAT_TIMEOUT_MS: String(TIMEOUT_MS) }),
]);

test('a heartbeat is answered with the inbox head as seq, server_time and inbox', async () => {
  const client = await logIn(target);
  const answer = await client.request({ cmd: 0, msg_id: 'beat' });
  assert.deepEqual(Object.keys(answer).toSorted(), ['cmd', 'code', 'msg_id', 'payload', 'seq']);
  assert.deepEqual([answer.cmd, answer.code, answer.msg_id, answer.seq], [0, 0, 'beat', 0]);
  assert.deepEqual(Object.keys(answer.payload).toSorted(), ['inbox', 'server_time']);
  assert.ok(Math.abs(answer.payload.server_time - Date.now()) < 60_000);
  assert.deepEqual(answer.payload.inbox, client.hello.inbox);
});

test('msg_id is optional in a heartbeat, and then in its answer', async () => {
  const client = await logIn(target);
  const mark = client.mark();
  client.send({ cmd: 0 });
  const answer = await client.waitFor((packet) => packet.cmd === 0, 'the answer', mark);
  assert.ok(!('msg_id' in answer));
});

test('an inbox head beyond what the client has: the heartbeat tells of what came, and a pull gives it', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  for (let n = 1; n <= 3; n++) await say(alice!, id, String(n));
  await bob!.waitForAll(3, isStored);
  const answer = await heartbeat(bob!);
  assert.equal(answer.seq, 3);
  assert.deepEqual(answer.payload.inbox, { epoch: bob!.hello.inbox.epoch, seq: 3 });
  const page = await pullInbox(bob!, answer.payload.inbox.epoch, 0);
  assert.equal(page.payload.messages.length, 3);
});

test('heartbeat_ms is what the server is configured for', { skip: NEEDS_OWN_SERVER }, async () => {
  assert.equal((await logIn(hasty)).hello.heartbeat_ms, 200);
});

test('a session from which nothing came is offline: close 4408', { skip: NEEDS_OWN_SERVER }, async () => {
  const startedAt = performance.now();
  const silent = await logIn(hasty);
  assert.equal((await silent.closed).code, 4408);
  assert.ok(performance.now() - startedAt > TIMEOUT_MS * 0.9);
});

test('heartbeats, and packets of any other kind, keep it alive', { skip: NEEDS_OWN_SERVER }, async () => {
  const [beats, pulls, silent] = await Promise.all([logIn(hasty), logIn(hasty), logIn(hasty)]);
  const timer = setInterval(() => {
    beats.send({ cmd: 0 });
    void pull(pulls, p2p(pulls.userId, pulls.userId)).catch(() => {});
  }, TIMEOUT_MS / 8);
  // The silence of two others after another tells that more than the timeout has passed.
  await silent.closed;
  assert.equal((await (await logIn(hasty)).closed).code, 4408);
  clearInterval(timer);
  assert.deepEqual([beats.close, pulls.close], [undefined, undefined]);
});

test('one that fell silent is offline to those who watch', { skip: NEEDS_OWN_SERVER }, async () => {
  const [watcher, silent] = await Promise.all([
    logIn(hasty, { user: freshUser('watcher') }),
    logIn(hasty, { user: freshUser('silent') }),
  ]);
  const timer = setInterval(() => watcher.send({ cmd: 0 }), TIMEOUT_MS / 8);
  await say(watcher, p2p(watcher.userId, silent.userId), 'hello');
  assert.equal((await watch(watcher, [silent.userId])).payload.presence[0].online, true);
  await event(watcher, 'presence', { user_id: silent.userId, online: false });
  clearInterval(timer);
});
