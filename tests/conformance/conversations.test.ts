import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshUser, p2p } from '../harness/names.ts';
import type { Json, RawClient } from '../harness/raw-client.ts';
import {
  ack,
  conversationOf,
  listConversations,
  logIn,
  logInAll,
  pull,
  recall,
  say,
} from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const target = await useTarget();

const FIELDS = ['ack_seq', 'conversation_id', 'head_seq', 'last_message', 'read_seq', 'type', 'unread'];

async function pair(): Promise<{ alice: RawClient; bob: RawClient; id: string }> {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  return { alice, bob, id: p2p(alice.userId, bob.userId) };
}

test('who has no conversations gets an empty list', async () => {
  const client = await logIn(target);
  const answer = await client.request({ cmd: 3, payload: { conversations: true } });
  assert.deepEqual([answer.cmd, answer.code], [3, 0]);
  assert.deepEqual(answer.payload, { conversations: [] });
});

test('an entry of a direct conversation', async () => {
  const { alice, bob, id } = await pair();
  const message = await say(alice, id, 'hello');
  const { inbox_seq: _, ...last_message } = message.payload;
  const entry = await conversationOf(bob, id);
  assert.deepEqual(Object.keys(entry).toSorted(), FIELDS);
  const expected = {
    conversation_id: id,
    type: 'direct',
    head_seq: 1,
    ack_seq: 0,
    read_seq: 0,
    unread: 1,
    last_message,
  };
  assert.deepEqual(entry, expected);
});

test('an entry of a group has its name too', async () => {
  const { alice, bob } = await pair();
  const id = await createGroup(target, alice.userId, [bob.userId], { name: 'Friends of Ünïcode' });
  const message = await say(alice, id, 'hello');
  const entry = await conversationOf(bob, id);
  assert.deepEqual(Object.keys(entry).toSorted(), [...FIELDS, 'name'].toSorted());
  assert.deepEqual(
    [entry.type, entry.name, entry.head_seq, entry.unread],
    ['group', 'Friends of Ünïcode', 1, 1],
  );
  assert.deepEqual(entry.last_message, message.payload);
});

test('a direct conversation is listed once it has a message, to both', async () => {
  const { alice, bob, id } = await pair();
  await pull(alice, id);
  assert.deepEqual(await listConversations(alice), []);
  await say(alice, id, 'hello');
  for (const client of [alice, bob]) assert.equal((await listConversations(client)).length, 1);
});

test('all the user’s groups are listed, with or without a message; last_message is then null', async () => {
  const { alice, bob } = await pair();
  const id = await createGroup(target, alice.userId, [bob.userId]);
  for (const client of [alice, bob]) {
    const entry = await conversationOf(client, id);
    assert.deepEqual([entry.head_seq, entry.unread, entry.last_message], [0, 0, null]);
  }
});

test('conversations are listed by last activity, newest first', async () => {
  const client = await logIn(target);
  const ids = Array.from({ length: 4 }, () => p2p(client.userId, freshUser('peer')));
  const group = await createGroup(target, client.userId);
  const order = async () => (await listConversations(client)).map((entry: Json) => entry.conversation_id);
  // Activity is measured in milliseconds, so what is to be newer waits until it is.
  let last = 0;
  const sayLater = async (id: string) => {
    let message: Json;
    do message = (await say(client, id, 'x')).payload;
    while (message.send_time <= last);
    last = message.send_time;
  };
  for (const id of [...ids, group]) await sayLater(id);
  assert.deepEqual(await order(), [group, ...ids.toReversed()]);
  await sayLater(ids[1]!);
  assert.deepEqual(await order(), [ids[1], group, ids[3], ids[2], ids[0]]);
});

test('the list comes in pages: a cursor leads to the next, none is on the last', async () => {
  const client = await logIn(target);
  const ids = Array.from({ length: 7 }, () => p2p(client.userId, freshUser('peer')));
  for (const id of ids) await say(client, id, 'x');
  const got: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const answer = await client.request({ cmd: 3, payload: { conversations: true, limit: 3, cursor } });
    assert.ok(answer.payload.conversations.length <= 3);
    got.push(...answer.payload.conversations.map((entry: Json) => entry.conversation_id));
    cursor = answer.payload.cursor;
    pages++;
  } while (cursor !== undefined);
  assert.equal(pages, 3);
  assert.deepEqual(got.toSorted(), ids.toSorted());
  assert.deepEqual(
    got,
    (await listConversations(client)).map((entry: Json) => entry.conversation_id),
  );
});

test('a list that ends with a full page has no cursor on its last page, or leads to an empty one', async () => {
  const client = await logIn(target);
  const ids = Array.from({ length: 4 }, () => p2p(client.userId, freshUser('peer')));
  for (const id of ids) await say(client, id, 'x');
  const got: string[] = [];
  let cursor: string | undefined;
  do {
    const { payload } = await client.request({ cmd: 3, payload: { conversations: true, limit: 2, cursor } });
    got.push(...payload.conversations.map((entry: Json) => entry.conversation_id));
    cursor = payload.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(got.toSorted(), ids.toSorted());
});

test('limit is 50 unless told, above 200 counts as 200', async () => {
  const owner = await logIn(target);
  await Promise.all(Array.from({ length: 201 }, () => createGroup(target, owner.userId)));
  const list = (payload: object) => owner.request({ cmd: 3, payload: { conversations: true, ...payload } });
  assert.equal((await list({})).payload.conversations.length, 50);
  assert.equal((await list({ limit: 200 })).payload.conversations.length, 200);
  const over = await list({ limit: 1000 });
  assert.equal(over.payload.conversations.length, 200);
  const rest = await list({ limit: 1000, cursor: over.payload.cursor });
  assert.equal(rest.payload.conversations.length, 1);
  assert.ok(!('cursor' in rest.payload));
});

test('unread counts the messages after read_seq that others sent', async () => {
  const { alice, bob, id } = await pair();
  for (let n = 1; n <= 4; n++) await say(alice, id, String(n));
  assert.equal((await conversationOf(bob, id)).unread, 4);
  assert.equal((await conversationOf(alice, id)).unread, 0, 'one’s own do not count');
  await ack(bob, id, 3, 'delivered');
  assert.equal((await conversationOf(bob, id)).unread, 4, 'delivered is not read');
  await ack(bob, id, 3, 'read');
  assert.equal((await conversationOf(bob, id)).unread, 1);
  await ack(bob, id, 4, 'read');
  assert.equal((await conversationOf(bob, id)).unread, 0);
});

test('sending is reading: nothing is unread after one’s own message', async () => {
  const { alice, bob, id } = await pair();
  await say(alice, id, 'one');
  await say(alice, id, 'two');
  await say(bob, id, 'three');
  const entry = await conversationOf(bob, id);
  assert.deepEqual([entry.unread, entry.ack_seq, entry.read_seq], [0, 3, 3]);
  await say(alice, id, 'four');
  assert.equal((await conversationOf(bob, id)).unread, 1);
});

test('notes to self are never unread', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  await say(client, self, 'note');
  assert.equal((await conversationOf(client, self)).unread, 0);
});

test('last_message shows a recalled message as recalled', async () => {
  const { alice, bob, id } = await pair();
  await say(alice, id, 'one');
  await say(alice, id, 'two');
  assert.equal((await recall(alice, id, 2)).code, 0);
  for (const client of [alice, bob]) {
    const { last_message, head_seq } = await conversationOf(client, id);
    assert.deepEqual(
      [head_seq, last_message.seq, last_message.content, last_message.recalled],
      [2, 2, '', true],
    );
  }
});

test('a group that one has left, or that was dissolved, is not listed', async () => {
  const { alice, bob } = await pair();
  const ids = await Promise.all([1, 2].map(() => createGroup(target, alice.userId, [bob.userId])));
  for (const id of ids) await say(alice, id, 'hello');
  assert.equal((await listConversations(bob)).length, 2);
  assertOk(await apiOf(target, bob.userId).delete(`/v1/groups/${ids[0]}/members/${bob.userId}`));
  assertOk(await apiOf(target, alice.userId).delete(`/v1/groups/${ids[1]}`));
  assert.deepEqual(await listConversations(bob), []);
  assert.deepEqual(
    (await listConversations(alice)).map((entry: Json) => entry.conversation_id),
    [ids[0]],
  );
});

test('GET /v1/conversations gives the same as the pull of the list', async () => {
  const { alice, bob, id } = await pair();
  const group = await createGroup(target, alice.userId, [bob.userId]);
  await say(alice, group, 'in the group');
  await say(alice, id, 'direct');
  const api = apiOf(target, bob.userId);
  const reply = await api.get('/v1/conversations');
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.body, { conversations: await listConversations(bob) });
  const first = await api.get('/v1/conversations?limit=1');
  const second = await api.get(`/v1/conversations?limit=1&cursor=${encodeURIComponent(first.body.cursor)}`);
  assert.deepEqual([...first.body.conversations, ...second.body.conversations], reply.body.conversations);
});
