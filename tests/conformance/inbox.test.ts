import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup } from '../harness/api.ts';
import { eventually } from '../harness/eventually.ts';
import { freshUser, p2p } from '../harness/names.ts';
import type { Json, RawClient } from '../harness/raw-client.ts';
import { heartbeat, logIn, logInAll, pull, pullInbox, recall, say, sayAll } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

const LENGTH = 10;

const [target, short] = await Promise.all([
  useTarget(),
  useTarget({ INBOX_LENGTH: String(LENGTH), INBOX_TTL_SECONDS: '2' }),
]);

function places(page: Json): number[] {
  return page.payload.messages.map((message: { inbox_seq: number }) => message.inbox_seq);
}

/** Somebody with so many messages in the inbox, which are numbered in it from 1. */
async function withMessages(of: typeof target, count: number): Promise<RawClient> {
  const client = await logIn(of);
  await sayAll(
    client,
    p2p(client.userId, freshUser('peer')),
    Array.from({ length: count }, (_, i) => String(i + 1)),
  );
  return client;
}

test('a page of the inbox: seq of its last, inbox, messages, has_more, resync: false', async () => {
  const client = await withMessages(target, 3);
  const { epoch } = client.hello.inbox;
  const page = await pullInbox(client, epoch, 1, { limit: 1 });
  assert.deepEqual(Object.keys(page).toSorted(), ['cmd', 'code', 'msg_id', 'payload', 'seq']);
  assert.deepEqual([page.cmd, page.code, page.seq], [3, 0, 2]);
  const { messages, ...rest } = page.payload;
  assert.deepEqual(rest, { inbox: { epoch, seq: 3 }, has_more: true, resync: false });
  assert.equal(messages.length, 1);
  assert.deepEqual([messages[0].inbox_seq, messages[0].seq, messages[0].content], [2, 2, '2']);
});

test('one read catches up all direct conversations, what was sent and what was received', async () => {
  const [alice, bob, carol] = (await logInAll(target, 'alice', 'bob', 'carol')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  const group = await createGroup(target, alice.userId, [bob.userId]);
  await say(alice, p2p(alice.userId, bob.userId), 'to bob');
  await say(carol, p2p(alice.userId, carol.userId), 'from carol');
  await say(bob, group, 'in the group');
  await say(bob, p2p(alice.userId, bob.userId), 'from bob');
  await say(alice, p2p(alice.userId, alice.userId), 'to myself');
  const page = await pullInbox(alice, alice.hello.inbox.epoch, 0);
  assert.deepEqual(
    page.payload.messages.map((message: Json) => [message.inbox_seq, message.content]).toSorted(),
    [
      [1, 'to bob'],
      [2, 'from carol'],
      [3, 'from bob'],
      [4, 'to myself'],
    ],
  );
});

test('messages are in ascending order, page after page; seq absent is 0, limit is 50', async () => {
  const client = await withMessages(target, 70);
  const { epoch } = client.hello.inbox;
  const first = await pullInbox(client, epoch);
  assert.deepEqual(
    places(first),
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  assert.deepEqual([first.seq, first.payload.has_more], [50, true]);
  const second = await pullInbox(client, epoch, first.seq);
  assert.deepEqual(
    places(second),
    Array.from({ length: 20 }, (_, i) => i + 51),
  );
  assert.deepEqual([second.seq, second.payload.has_more], [70, false]);
});

test('a page at the head is empty, and its seq is the one asked for', async () => {
  const client = await withMessages(target, 2);
  const { epoch } = client.hello.inbox;
  const page = await pullInbox(client, epoch, 2);
  assert.equal(page.seq, 2);
  assert.deepEqual(page.payload, { inbox: { epoch, seq: 2 }, messages: [], has_more: false, resync: false });
});

test('an inbox with nothing in it is an empty page', async () => {
  const client = await logIn(target);
  const { epoch } = client.hello.inbox;
  const page = await pullInbox(client, epoch, 0);
  assert.deepEqual([page.code, page.seq], [0, 0]);
  assert.deepEqual(page.payload, { inbox: { epoch, seq: 0 }, messages: [], has_more: false, resync: false });
});

test('another epoch, as the "" of a new device: resync, no messages, and the present inbox', async () => {
  const client = await withMessages(target, 3);
  const inbox = { epoch: client.hello.inbox.epoch, seq: 3 };
  for (const epoch of ['', 'another', `${inbox.epoch}x`]) {
    const page = await pullInbox(client, epoch, 0);
    assert.equal(page.code, 0);
    assert.deepEqual([page.payload.resync, page.payload.messages, page.payload.inbox], [true, [], inbox]);
  }
});

test('a place beyond the head: resync', async () => {
  const client = await withMessages(target, 3);
  const { epoch } = client.hello.inbox;
  for (const seq of [4, 1_000_000]) {
    const { payload } = await pullInbox(client, epoch, seq);
    assert.deepEqual([payload.resync, payload.messages, payload.inbox], [true, [], { epoch, seq: 3 }]);
  }
});

test('the inbox keeps its newest messages; where what follows was trimmed: resync', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const count = LENGTH + 5;
  const client = await withMessages(short, count);
  const { epoch } = client.hello.inbox;
  for (const seq of [0, 1, count - LENGTH - 1]) {
    const { payload } = await pullInbox(client, epoch, seq);
    assert.deepEqual([payload.resync, payload.messages, payload.inbox], [true, [], { epoch, seq: count }]);
  }
  const page = await pullInbox(client, epoch, count - LENGTH);
  assert.equal(page.payload.resync, false);
  assert.deepEqual(
    places(page),
    Array.from({ length: LENGTH }, (_, i) => count - LENGTH + i + 1),
  );
});

test('the inbox is kept for a time after its last message, its place for longer', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const client = await withMessages(short, 3);
  const { epoch } = client.hello.inbox;
  assert.equal((await pullInbox(client, epoch, 0)).payload.messages.length, 3);
  const page = await eventually('the messages are gone', async () => {
    const now = await pullInbox(client, epoch, 0);
    return now.payload.resync && now;
  });
  assert.deepEqual([page.payload.messages, page.payload.inbox.seq], [[], 3]);
  assert.equal((await pullInbox(client, epoch, 3)).payload.resync, false, 'nothing followed that place');
  const next = await say(client, p2p(client.userId, client.userId), 'after');
  assert.equal(next.payload.inbox_seq, 4, 'numbers go on without gaps within one epoch');
  assert.deepEqual(places(await pullInbox(client, epoch, 3)), [4]);
});

test('after a resync the client is complete again by its conversations', async () => {
  const client = await withMessages(target, 4);
  const device = await logIn(target, { user: client.userId });
  const { payload } = await pullInbox(device, '', 0);
  assert.equal(payload.resync, true);
  const list = await device.request({ cmd: 3, payload: { conversations: true } });
  const [entry] = list.payload.conversations;
  const page = await pull(device, entry.conversation_id, 0);
  assert.equal(page.payload.messages.length, entry.head_seq);
  assert.equal((await pullInbox(device, payload.inbox.epoch, payload.inbox.seq)).payload.resync, false);
});

test('the inbox shows a recalled message as recalled, at its place', async () => {
  const client = await withMessages(target, 3);
  const conversation = (await pullInbox(client, client.hello.inbox.epoch)).payload.messages[0]
    .conversation_id;
  assert.equal((await recall(client, conversation, 2)).code, 0);
  const page = await pullInbox(client, client.hello.inbox.epoch, 0);
  assert.deepEqual(
    page.payload.messages.map((message: Json) => [message.inbox_seq, message.content, message.recalled]),
    [
      [1, '1', undefined],
      [2, '', true],
      [3, '3', undefined],
    ],
  );
});

test('an inbox is one user’s own', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  await say(alice, p2p(alice.userId, alice.userId), 'secret');
  const { payload } = await pullInbox(bob, alice.hello.inbox.epoch, 0);
  assert.deepEqual(payload.messages, []);
  assert.equal((await heartbeat(bob)).seq, 0);
});
