import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import type { Packet, RawClient } from '../harness/raw-client.ts';
import {
  assertOpen,
  assertRefused,
  event,
  heartbeat,
  isEvent,
  listConversations,
  logIn,
  logInAll,
  typing,
} from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const SMALL_GROUP_MEMBERS = 100;

const target = await useTarget();

function typingPacket(conversationId: string, on = true) {
  return { cmd: 6, payload: { type: 'typing', conversation_id: conversationId, typing: on } };
}

/** Answers to signals: typing has none, unless it is refused. */
function answers(client: RawClient, mark: number): Packet[] {
  return client.since(mark).filter((packet) => packet.cmd === 6);
}

test('the other member of a direct conversation gets the event typing', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const id = p2p(alice.userId, bob.userId);
  for (const on of [true, false]) {
    typing(alice, id, on);
    const packet = await event(bob, 'typing', { typing: on });
    assert.deepEqual([packet.cmd, packet.code], [5, 0]);
    assert.deepEqual(packet.payload, {
      type: 'typing',
      conversation_id: id,
      user_id: alice.userId,
      typing: on,
    });
    assert.ok(!('seq' in packet) && !('msg_id' in packet));
  }
});

test('the other members of a group get it, in every session', async () => {
  const users = ['alice', 'bob', 'carol'].map(freshUser);
  const sessions = await Promise.all([...users, ...users].map((user) => logIn(target, { user })));
  const id = await createGroup(target, users[0]!, users.slice(1));
  typing(sessions[0]!, id);
  for (const session of sessions.filter(({ userId }) => userId !== users[0])) {
    const { payload } = await event(session, 'typing');
    assert.deepEqual(payload, { type: 'typing', conversation_id: id, user_id: users[0], typing: true });
  }
});

test('the one who types gets no event, in no session', async () => {
  const user = freshUser('alice');
  const [phone, laptop, bob] = await Promise.all([
    logIn(target, { user }),
    logIn(target, { user }),
    logIn(target),
  ]);
  const group = await createGroup(target, user, [bob.userId]);
  for (const id of [p2p(user, bob.userId), group]) {
    typing(phone, id);
    await event(bob, 'typing', { conversation_id: id });
    typing(bob, id);
    for (const session of [phone, laptop]) {
      const first = await event(session, 'typing', { conversation_id: id });
      assert.equal(first.payload.user_id, bob.userId);
    }
  }
});

test('typing is answered only if refused', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const id = p2p(alice.userId, bob.userId);
  const mark = alice.mark();
  alice.send(typingPacket(id));
  alice.send({ ...typingPacket(id), msg_id: 'even-with-one' });
  await event(bob, 'typing');
  await heartbeat(alice);
  assert.deepEqual(answers(alice, mark), []);
});

test('typing where one does not belong: 403; no such group: 404; with and without msg_id', async () => {
  const eve = await logIn(target);
  const owner = freshUser('owner');
  const group = await createGroup(target, owner);
  const foreign = p2p(freshUser('alice'), freshUser('bob'));
  for (const [id, code] of [
    [group, 403],
    [foreign, 403],
    [freshGroupId(), 404],
  ] as const) {
    assertRefused(await eve.request(typingPacket(id)), code);
    const mark = eve.mark();
    eve.send(typingPacket(id));
    const answer = await eve.waitFor((packet) => packet.cmd === 6, 'the refusal', mark);
    assertRefused(answer, code);
    assert.ok(!('msg_id' in answer));
  }
});

test('typing to oneself reaches nobody and is fine', async () => {
  const client = await logIn(target);
  const mark = client.mark();
  typing(client, p2p(client.userId, client.userId));
  await heartbeat(client);
  assert.deepEqual(
    client.since(mark).map((packet) => packet.cmd),
    [0],
  );
});

test('a signal is never stored', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  typing(alice, p2p(alice.userId, bob.userId));
  await event(bob, 'typing');
  assert.deepEqual(await listConversations(alice), []);
  const late = await logIn(target, { user: bob.userId });
  await heartbeat(late);
  assert.deepEqual(late.packets.filter(isEvent('typing')), []);
});

test('in a group of 100 members typing reaches the others, in a larger one nobody', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const crowd = Array.from({ length: SMALL_GROUP_MEMBERS - 2 }, () => freshUser('m'));
  const small = await createGroup(target, alice.userId, [bob.userId, ...crowd]);
  const large = await createGroup(target, alice.userId, [bob.userId, ...crowd, freshUser('m')]);
  const mark = alice.mark();
  typing(alice, large);
  await heartbeat(alice);
  assert.deepEqual(answers(alice, mark), []);
  typing(alice, small);
  assert.equal((await event(bob, 'typing')).payload.conversation_id, small);
});

test('a signal that is no signal is 400', async () => {
  const client = await logIn(target);
  const id = p2p(client.userId, client.userId);
  const bad = [
    undefined,
    {},
    { type: 'laugh' },
    { type: 'typing' },
    { type: 'typing', conversation_id: id },
    { type: 'typing', typing: true },
    { type: 'typing', conversation_id: id, typing: 'yes' },
    { type: 'watch' },
    { type: 'watch', user_ids: 'x' },
  ];
  for (const payload of bad) {
    assertRefused(await client.request({ cmd: 6, payload }), 400);
    await assertOpen(client);
  }
});
