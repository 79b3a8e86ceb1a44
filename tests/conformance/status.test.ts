import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshUser, p2p } from '../harness/names.ts';
import type { RawClient } from '../harness/raw-client.ts';
import { ack, conversationOf, logIn, logInAll, pull, pullInbox, say } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const SMALL_GROUP_MEMBERS = 100;

const target = await useTarget();

/** The statuses of a conversation's messages, by seq. */
async function statuses(client: RawClient, conversationId: string): Promise<number[]> {
  const page = await pull(client, conversationId);
  assert.equal(page.code, 0);
  return page.payload.messages.map((message: { status: number }) => message.status);
}

async function acked(client: RawClient, conversationId: string, seq: number, type: 'delivered' | 'read') {
  assert.equal((await ack(client, conversationId, seq, type)).code, 0);
}

test('status of a direct message is how far the peer has come: 0 sent, 1 delivered, 2 read', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  for (let n = 1; n <= 3; n++) assert.equal((await say(alice!, id, String(n))).payload.status, 0);
  assert.deepEqual(await statuses(alice!, id), [0, 0, 0]);
  await acked(bob!, id, 2, 'delivered');
  assert.deepEqual(await statuses(alice!, id), [1, 1, 0]);
  await acked(bob!, id, 1, 'read');
  assert.deepEqual(await statuses(alice!, id), [2, 1, 0]);
  await acked(bob!, id, 3, 'read');
  for (const client of [alice!, bob!]) assert.deepEqual(await statuses(client, id), [2, 2, 2]);
});

test('the sender’s own acks are not the peer’s', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  await say(alice!, id, 'hello');
  await acked(alice!, id, 1, 'read');
  assert.deepEqual(await statuses(alice!, id), [0]);
});

test('who answers has read what came before', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  await say(alice!, id, 'question');
  await say(bob!, id, 'answer');
  assert.deepEqual(await statuses(alice!, id), [2, 0]);
});

test('to oneself the status is 2', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  assert.equal((await say(client, self, 'note')).payload.status, 2);
  assert.deepEqual(await statuses(client, self), [2]);
});

test('the status is the same in the inbox and in last_message', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  await say(alice!, id, 'hello');
  const { epoch } = alice!.hello.inbox;
  for (const [type, status] of [
    ['delivered', 1],
    ['read', 2],
  ] as const) {
    await acked(bob!, id, 1, type);
    assert.equal((await pullInbox(alice!, epoch, 0)).payload.messages[0].status, status);
    assert.equal((await conversationOf(alice!, id)).last_message.status, status);
  }
});

test('in a group: 1 once any other member has received it, 2 once all others have read it', async () => {
  const [alice, bob, carol] = await logInAll(target, 'alice', 'bob', 'carol');
  const id = await createGroup(target, alice!.userId, [bob!.userId, carol!.userId]);
  assert.equal((await say(alice!, id, 'hello')).payload.status, 0);
  await acked(alice!, id, 1, 'read');
  assert.deepEqual(await statuses(alice!, id), [0]);
  await acked(bob!, id, 1, 'delivered');
  assert.deepEqual(await statuses(carol!, id), [1]);
  await acked(bob!, id, 1, 'read');
  assert.deepEqual(await statuses(alice!, id), [1], 'carol has not read it');
  await acked(carol!, id, 1, 'delivered');
  assert.deepEqual(await statuses(alice!, id), [1]);
  await acked(carol!, id, 1, 'read');
  for (const client of [alice!, bob!, carol!]) assert.deepEqual(await statuses(client, id), [2]);
});

test('in a group who joined after a message need not have read it', async () => {
  const [alice, bob, carol] = await logInAll(target, 'alice', 'bob', 'carol');
  const id = await createGroup(target, alice!.userId, [bob!.userId]);
  await say(alice!, id, 'before');
  assertOk(await apiOf(target, alice!.userId).put(`/v1/groups/${id}/members/${carol!.userId}`));
  await say(alice!, id, 'after');
  await acked(bob!, id, 2, 'read');
  assert.deepEqual(await statuses(alice!, id), [2, 1]);
  await acked(carol!, id, 2, 'read');
  assert.deepEqual(await statuses(alice!, id), [2, 2]);
});

test('in a group who joined after a message has not received it', async () => {
  const [alice, bob, carol] = await logInAll(target, 'alice', 'bob', 'carol');
  const id = await createGroup(target, alice!.userId, [bob!.userId]);
  await say(alice!, id, 'before');
  assertOk(await apiOf(target, alice!.userId).put(`/v1/groups/${id}/members/${carol!.userId}`));
  await say(alice!, id, 'after');
  await acked(carol!, id, 2, 'read');
  assert.deepEqual(await statuses(alice!, id), [0, 1]);
});

test('in a group only those count who are members now', async () => {
  const [alice, bob, carol] = await logInAll(target, 'alice', 'bob', 'carol');
  const id = await createGroup(target, alice!.userId, [bob!.userId, carol!.userId]);
  await say(alice!, id, 'hello');
  await acked(bob!, id, 1, 'read');
  assert.deepEqual(await statuses(alice!, id), [1]);
  assertOk(await apiOf(target, carol!.userId).delete(`/v1/groups/${id}/members/${carol!.userId}`));
  assert.deepEqual(await statuses(alice!, id), [2]);
});

test('in a group with no others the status is 2', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = await createGroup(target, alice!.userId);
  assert.equal((await say(alice!, id, 'alone')).payload.status, 2);
  assertOk(await apiOf(target, alice!.userId).put(`/v1/groups/${id}/members/${bob!.userId}`));
  assert.deepEqual(await statuses(alice!, id), [2], 'bob joined after it');
});

test('a group of 100 members has a status, in a larger one it is always 0', async () => {
  const alice = await logIn(target);
  const others = Array.from({ length: SMALL_GROUP_MEMBERS - 1 }, () => freshUser('m'));
  const bob = await logIn(target, { user: others[0]! });
  const id = await createGroup(target, alice.userId, others);
  await say(alice, id, 'small');
  await acked(bob, id, 1, 'read');
  assert.deepEqual(await statuses(alice, id), [1]);
  const late = freshUser('late');
  assertOk(await apiOf(target, alice.userId).put(`/v1/groups/${id}/members/${late}`));
  await say(alice, id, 'large');
  await acked(bob, id, 2, 'read');
  assert.deepEqual(await statuses(alice, id), [0, 0]);
  assertOk(await apiOf(target, alice.userId).delete(`/v1/groups/${id}/members/${late}`));
  assert.deepEqual(await statuses(alice, id), [1, 1]);
});
