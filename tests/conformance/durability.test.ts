import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import { type OwnServer, startOwnServer } from '../harness/own-server.ts';
import type { Json, RawClient } from '../harness/raw-client.ts';
import { ack, chatPacket, conversationOf, event, logIn, pull, recall, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, type Target } from '../harness/target.ts';

const SECRET = 'a-secret-that-stays-the-same-for-both-runs';

const dataDir = await mkdtemp(path.join(os.tmpdir(), 'seqline-durability-'));
after(() => rm(dataDir, { recursive: true, force: true }));

/** A server on the data of the one before it. */
async function start(dir: string): Promise<{ server: OwnServer; target: Target }> {
  const server = await startOwnServer({
    DATA_DIR: path.join(dataDir, dir),
    AUTH_JWT_SECRET: SECRET,
    DRAIN_MS: '300',
  });
  const target: Target = { secret: SECRET, nextUrl: () => server.url, own: () => server, onStop: () => {} };
  return { server, target };
}

/** Sends until the connection closes, and gives the msg_ids that were answered with 0. */
async function sendUntilClosed(client: RawClient, id: string, answered: string[]): Promise<void> {
  while (!client.close) {
    const packet = chatPacket(id, 'x');
    const answer = await client.request(packet).catch(() => undefined);
    if (answer?.code === 0) answered.push(packet.msg_id);
    else if (answer) await new Promise((done) => setTimeout(done, answer.payload.retry_after_ms ?? 0));
  }
}

/** After the restart: all that was answered is stored once, in the order of sending, without gaps. */
async function assertAllThere(target: Target, user: string, id: string, answered: string[]): Promise<void> {
  const client = await logIn(target, { user });
  const messages: Json[] = [];
  let page: Json = { seq: 0, payload: { has_more: true } };
  while (page.payload.has_more) {
    page = await pull(client, id, page.seq, { limit: 200 });
    messages.push(...page.payload.messages);
  }
  assert.deepEqual(
    messages.map((message) => message.seq),
    messages.map((_, i) => i + 1),
  );
  const places = answered.map((msgId) => messages.findIndex((message) => message.msg_id === msgId));
  assert.ok(!places.includes(-1), 'none is lost');
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(messages.map((message) => message.msg_id)).size, messages.length);
}

test('what was answered outlives a crash: messages, recalls, cursors and msg_ids', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const first = await start('crash');
  const [alice, bob] = await Promise.all([logIn(first.target), logIn(first.target)]);
  const [busy, calm] = [p2p(alice.userId, freshUser('carol')), p2p(alice.userId, bob.userId)];
  const sent = await say(alice, calm, 'one');
  await say(alice, calm, 'two');
  assert.equal((await recall(alice, calm, 2)).code, 0);
  assert.equal((await ack(bob, calm, 1, 'read')).code, 0);
  const packets = Array.from({ length: 60 }, () => chatPacket(busy, 'x'));
  await Promise.all(packets.map((packet) => alice.request(packet)));
  await first.server.kill();

  const second = await start('crash');
  const msgIds = packets.map((packet) => packet.msg_id);
  await assertAllThere(second.target, alice.userId, busy, msgIds);
  const reader = await logIn(second.target, { user: bob.userId });
  const { read_seq, unread, last_message } = await conversationOf(reader, calm);
  assert.deepEqual([read_seq, unread, last_message.recalled], [1, 1, true]);
  const sender = await logIn(second.target, { user: alice.userId });
  assert.equal((await say(sender, calm, 'one', { msg_id: sent.msg_id })).seq, 1);
  assert.equal((await say(sender, calm, 'three')).seq, 3);
  await second.server.stop();
});

test('what was answered is stored, though the server was told to stop meanwhile', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const first = await start('stop');
  const client = await logIn(first.target);
  const id = p2p(client.userId, freshUser('bob'));
  const answered: string[] = [];
  const sending = sendUntilClosed(client, id, answered);
  await client.waitForAll(5, (packet) => packet.seq !== undefined);
  const ended = new Promise((resolve) => first.server.process.once('exit', resolve));
  first.server.process.kill('SIGTERM');
  await event(client, 'drain');
  await sending;
  assert.equal(client.close?.code, 1012);
  assert.equal(await ended, 0);
  const second = await start('stop');
  await assertAllThere(second.target, client.userId, id, answered);
  await second.server.stop();
});
