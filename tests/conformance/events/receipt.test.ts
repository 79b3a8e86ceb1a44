import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup } from '../../harness/api.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import type { RawClient } from '../../harness/raw-client.ts';
import { ack, event, isEvent, logIn, logInAll, say } from '../../harness/talk.ts';
import { useTarget } from '../../harness/target.ts';

const SMALL_GROUP_MEMBERS = 100;

const target = await useTarget();

/** Two sessions of each of two users, in which the first has said three things. */
async function fourSessions() {
  const [alice, bob] = [freshUser('alice'), freshUser('bob')];
  const sessions = await Promise.all([alice, alice, bob, bob].map((user) => logIn(target, { user })));
  const id = p2p(alice, bob);
  for (let n = 1; n <= 3; n++) await say(sessions[0]!, id, String(n));
  return { sessions: sessions as [RawClient, RawClient, RawClient, RawClient], id, alice, bob };
}

test('a member’s cursor moved: the event receipt goes to the user’s other sessions and to the other members’', async () => {
  const { sessions, id, bob } = await fourSessions();
  const [phone, laptop, acking, other] = sessions;
  await ack(acking, id, 2, 'delivered');
  for (const session of [phone, laptop, other]) {
    const packet = await event(session, 'receipt');
    assert.deepEqual([packet.cmd, packet.code], [5, 0]);
    assert.deepEqual(packet.payload, {
      type: 'receipt',
      conversation_id: id,
      user_id: bob,
      ack_seq: 2,
      read_seq: 0,
    });
  }
  await ack(acking, id, 3, 'read');
  for (const session of [phone, laptop, other]) {
    await event(session, 'receipt', { user_id: bob, ack_seq: 3, read_seq: 3 });
  }
});

test('the session that acknowledged gets none', async () => {
  const { sessions, id } = await fourSessions();
  const [, , acking, other] = sessions;
  await ack(acking, id, 1, 'read');
  await event(other, 'receipt', { read_seq: 1 });
  await ack(other, id, 2, 'read');
  assert.equal(
    (await event(acking, 'receipt')).payload.read_seq,
    2,
    'the first it gets is that of the other session',
  );
});

test('an ack that changes nothing makes no receipt', async () => {
  const { sessions, id } = await fourSessions();
  const [phone, , acking] = sessions;
  await ack(acking, id, 2, 'read');
  for (const seq of [2, 1, 0]) await ack(acking, id, seq, 'read');
  await ack(acking, id, 2, 'delivered');
  await ack(acking, id, 3, 'read');
  await event(phone, 'receipt', { read_seq: 3 });
  const reads = phone.packets.filter(isEvent('receipt')).map((packet) => packet.payload.read_seq);
  assert.deepEqual(reads, [2, 3]);
});

test('an ack without a msg_id makes a receipt too', async () => {
  const { sessions, id, bob } = await fourSessions();
  const [phone, , acking] = sessions;
  acking.send({ cmd: 4, seq: 2, payload: { conversation_id: id, type: 'read' } });
  const { payload } = await event(phone, 'receipt');
  assert.deepEqual([payload.user_id, payload.ack_seq, payload.read_seq], [bob, 2, 2]);
});

test('of many acks in a row the last is told in the end', async () => {
  const { sessions, id } = await fourSessions();
  const [phone, , acking] = sessions;
  for (let seq = 1; seq <= 3; seq++) {
    acking.send({ cmd: 4, seq, payload: { conversation_id: id, type: 'delivered' } });
    acking.send({ cmd: 4, seq, payload: { conversation_id: id, type: 'read' } });
  }
  await event(phone, 'receipt', { ack_seq: 3, read_seq: 3 });
});

test('there is no receipt for a cursor moved by sending', async () => {
  const { sessions, id, bob } = await fourSessions();
  const [phone, laptop, speaking, other] = sessions;
  await say(speaking, id, 'four');
  await say(phone, id, 'five');
  await ack(speaking, id, 5, 'read');
  for (const session of [phone, laptop, other]) {
    const { payload } = await event(session, 'receipt');
    assert.deepEqual([payload.user_id, payload.ack_seq], [bob, 5], 'the first is that of the ack');
  }
});

test('receipts in a group of up to 100 members go to all other members', async () => {
  const [alice, bob, carol] = (await logInAll(target, 'alice', 'bob', 'carol')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  const crowd = Array.from({ length: SMALL_GROUP_MEMBERS - 3 }, () => freshUser('m'));
  const id = await createGroup(target, alice.userId, [bob.userId, carol.userId, ...crowd]);
  await say(alice, id, 'hello');
  await ack(bob, id, 1, 'read');
  for (const session of [alice, carol]) {
    const { payload } = await event(session, 'receipt');
    assert.deepEqual([payload.conversation_id, payload.user_id, payload.read_seq], [id, bob.userId, 1]);
  }
});

test('in a group of more than 100 members only the user’s own other sessions get them', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const own = await logIn(target, { user: bob.userId });
  const crowd = Array.from({ length: SMALL_GROUP_MEMBERS - 1 }, () => freshUser('m'));
  const large = await createGroup(target, alice.userId, [bob.userId, ...crowd]);
  await say(alice, large, 'hello');
  await ack(bob, large, 1, 'read');
  const { payload } = await event(own, 'receipt');
  assert.deepEqual([payload.conversation_id, payload.read_seq], [large, 1]);
  // A receipt that does reach alice comes after the one that must not.
  const id = p2p(alice.userId, bob.userId);
  await say(alice, id, 'and you?');
  await ack(bob, id, 1, 'read');
  assert.equal((await event(alice, 'receipt')).payload.conversation_id, id);
});

test('an ack of the inbox makes no receipt', async () => {
  const { sessions, id, bob } = await fourSessions();
  const [phone, , acking, other] = sessions;
  await acking.request({ cmd: 4, seq: 2, payload: { inbox: acking.hello.inbox.epoch } });
  await ack(acking, id, 1, 'delivered');
  for (const session of [phone, other]) {
    const { payload } = await event(session, 'receipt');
    assert.deepEqual([payload.user_id, payload.ack_seq], [bob, 1]);
  }
});
