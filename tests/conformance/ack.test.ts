import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import type { RawClient } from '../harness/raw-client.ts';
import { ack, assertOpen, assertRefused, conversationOf, logIn, logInAll, say } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const target = await useTarget();

/** Two users and the conversation in which the first has said so many things. */
async function conversation(count: number): Promise<{ alice: RawClient; bob: RawClient; id: string }> {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const id = p2p(alice.userId, bob.userId);
  for (let n = 1; n <= count; n++) await say(alice, id, String(n));
  return { alice, bob, id };
}

/** The user's own cursors: as the list of conversations shows them. */
async function cursors(client: RawClient, id: string): Promise<[number, number]> {
  const { ack_seq, read_seq } = await conversationOf(client, id);
  return [ack_seq, read_seq];
}

function ackInbox(client: RawClient, epoch: string, seq: number) {
  return client.request({ cmd: 4, seq, payload: { inbox: epoch } });
}

async function lastAck(client: RawClient): Promise<number> {
  return (await apiOf(target, client.userId).get('/v1/me')).body.last_ack_seq;
}

test('an ack with a msg_id is answered', async () => {
  const { bob, id } = await conversation(1);
  const answer = await bob.request({ cmd: 4, msg_id: 'ack-1', seq: 1, payload: { conversation_id: id } });
  assert.deepEqual([answer.cmd, answer.code, answer.msg_id], [4, 0, 'ack-1']);
  assert.ok(!('payload' in answer) || answer.payload === null);
});

test('an ack without one is not answered, and counts', async () => {
  const { bob, id } = await conversation(2);
  const mark = bob.mark();
  bob.send({ cmd: 4, seq: 1, payload: { conversation_id: id } });
  assert.equal((await ack(bob, id, 2)).code, 0);
  assert.equal(
    bob.since(mark).filter((packet) => packet.cmd === 4).length,
    1,
    'the answer to the second is the only one',
  );
  assert.deepEqual(await cursors(bob, id), [2, 0]);
});

test('a refused ack is answered, with or without a msg_id', async () => {
  const { bob, id } = await conversation(1);
  const mark = bob.mark();
  bob.send({ cmd: 4, seq: 2, payload: { conversation_id: id } });
  const answer = await bob.waitFor((packet) => packet.cmd === 4, 'the refusal', mark);
  assertRefused(answer, 400);
  assert.ok(!('msg_id' in answer));
});

test('delivered moves the delivered cursor; it is what an ack without a type is', async () => {
  const { bob, id } = await conversation(3);
  await ack(bob, id, 1, 'delivered');
  assert.deepEqual(await cursors(bob, id), [1, 0]);
  await ack(bob, id, 2);
  assert.deepEqual(await cursors(bob, id), [2, 0]);
});

test('"read" moves the delivered cursor too', async () => {
  const { bob, id } = await conversation(3);
  await ack(bob, id, 2, 'read');
  assert.deepEqual(await cursors(bob, id), [2, 2]);
  await ack(bob, id, 3, 'delivered');
  assert.deepEqual(await cursors(bob, id), [3, 2]);
});

test('cursors only go forward: a lower seq is answered 0 and changes nothing', async () => {
  const { bob, id } = await conversation(3);
  await ack(bob, id, 3, 'read');
  for (const type of ['delivered', 'read'] as const) {
    for (const seq of [0, 1, 2, 3]) assert.equal((await ack(bob, id, seq, type)).code, 0);
  }
  assert.deepEqual(await cursors(bob, id), [3, 3]);
});

test('a read below the delivered cursor moves the read cursor alone', async () => {
  const { bob, id } = await conversation(3);
  await ack(bob, id, 3, 'delivered');
  await ack(bob, id, 1, 'read');
  assert.deepEqual(await cursors(bob, id), [3, 1]);
});

test('one beyond the head is 400', async () => {
  const { bob, id } = await conversation(2);
  for (const type of ['delivered', 'read'] as const) {
    assertRefused(await ack(bob, id, 3, type), 400);
    assertRefused(await ack(bob, id, Number.MAX_SAFE_INTEGER, type), 400);
  }
  assert.deepEqual(await cursors(bob, id), [0, 0]);
});

test('where there is no message yet, 0 is all that can be acknowledged', async () => {
  const client = await logIn(target);
  const group = await createGroup(target, client.userId);
  for (const id of [p2p(client.userId, freshUser('nobody')), group]) {
    assert.equal((await ack(client, id, 0)).code, 0);
    assertRefused(await ack(client, id, 1), 400);
  }
});

test('an ack that was answered is visible at once', async () => {
  const { bob, id } = await conversation(20);
  for (let seq = 1; seq <= 20; seq++) {
    await ack(bob, id, seq, 'read');
    assert.deepEqual(await cursors(bob, id), [seq, seq]);
  }
});

test('acks of several sessions of a user move the same cursors', async () => {
  const { bob, id } = await conversation(3);
  const other = await logIn(target, { user: bob.userId });
  await ack(bob, id, 1, 'read');
  await ack(other, id, 3, 'delivered');
  for (const client of [bob, other]) assert.deepEqual(await cursors(client, id), [3, 1]);
});

test('sending is reading: a stored message moves its sender’s cursors to its seq', async () => {
  const { alice, bob, id } = await conversation(2);
  assert.deepEqual(await cursors(alice, id), [2, 2]);
  await say(bob, id, 'three');
  assert.deepEqual(await cursors(bob, id), [3, 3]);
  assert.deepEqual(await cursors(alice, id), [2, 2]);
});

test('cursors in a group', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const id = await createGroup(target, alice.userId, [bob.userId]);
  for (let n = 1; n <= 3; n++) await say(alice, id, String(n));
  assert.deepEqual(await cursors(bob, id), [0, 0]);
  await ack(bob, id, 3, 'delivered');
  await ack(bob, id, 2, 'read');
  assert.deepEqual(await cursors(bob, id), [3, 2]);
  assert.deepEqual(await cursors(alice, id), [3, 3]);
});

test('who does not belong there: 403; no such group: 404', async () => {
  const { alice, id } = await conversation(1);
  const eve = await logIn(target);
  const group = await createGroup(target, alice.userId);
  assertRefused(await ack(eve, id, 1), 403);
  assertRefused(await ack(eve, group, 0), 403);
  assertRefused(await ack(eve, freshGroupId(), 0), 404);
});

test('an ack needs its seq, and what it is of', async () => {
  const { bob, id } = await conversation(1);
  const { epoch } = bob.hello.inbox;
  for (const packet of [
    { payload: { conversation_id: id } },
    { payload: { inbox: epoch } },
    { seq: 1, payload: {} },
    { seq: 1 },
  ]) {
    assertRefused(await bob.request({ cmd: 4, ...packet }), 400);
    await assertOpen(bob);
  }
});

test('the inbox’s cursor is the user’s last_ack_seq, and only goes forward', async () => {
  const { bob } = await conversation(3);
  const { epoch } = bob.hello.inbox;
  assert.equal(await lastAck(bob), 0);
  for (const [seq, expected] of [
    [2, 2],
    [1, 2],
    [0, 2],
    [3, 3],
  ] as const) {
    const answer = await ackInbox(bob, epoch, seq);
    assert.deepEqual([answer.cmd, answer.code], [4, 0]);
    assert.equal(await lastAck(bob), expected);
  }
});

test('it moves no conversation’s cursor', async () => {
  const { bob, id } = await conversation(3);
  assert.equal((await ackInbox(bob, bob.hello.inbox.epoch, 3)).code, 0);
  assert.deepEqual(await cursors(bob, id), [0, 0]);
  await ack(bob, id, 3, 'read');
  const other = await conversation(1);
  await ack(other.bob, other.id, 1, 'read');
  assert.equal(await lastAck(other.bob), 0, 'nor the other way about');
});

test('an ack of the inbox beyond its head is 400', async () => {
  const { bob } = await conversation(2);
  assertRefused(await ackInbox(bob, bob.hello.inbox.epoch, 3), 400);
  assert.equal(await lastAck(bob), 0);
});

test('an ack of another epoch than the present one is 409', async () => {
  const { bob } = await conversation(2);
  for (const epoch of ['', 'another', `${bob.hello.inbox.epoch}x`]) {
    assertRefused(await ackInbox(bob, epoch, 1), 409);
  }
  assert.equal(await lastAck(bob), 0);
});

test('an ack of the inbox without a msg_id is not answered', async () => {
  const { bob } = await conversation(1);
  const mark = bob.mark();
  bob.send({ cmd: 4, seq: 1, payload: { inbox: bob.hello.inbox.epoch } });
  await ackInbox(bob, bob.hello.inbox.epoch, 1);
  assert.equal(bob.since(mark).filter((packet) => packet.cmd === 4).length, 1);
});
