import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGroup } from '../harness/api.ts';
import { freshMsgId, freshUser, p2p } from '../harness/names.ts';
import { isStored } from '../harness/raw-client.ts';
import {
  ack,
  assertRejected,
  chatPacket,
  event,
  isEvent,
  logIn,
  logInAll,
  pull,
  recall,
  say,
  stored,
} from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const target = await useTarget();

const URL = 'https://example.com/cat.png';

test('sending again answers 0 again, stores nothing new, and the stored message comes once more with its first seq', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const packet = chatPacket(id, 'once');
  const first = await say(alice!, id, 'once', { msg_id: packet.msg_id });
  for (let i = 0; i < 3; i++) {
    const again = await say(alice!, id, 'once', { msg_id: packet.msg_id });
    assert.deepEqual(again.payload, first.payload);
    assert.equal(again.seq, first.seq);
  }
  const page = await pull(alice!, id);
  assert.deepEqual([page.payload.messages.length, page.payload.head_seq], [1, 1]);
  assert.equal((await say(alice!, id, 'next')).seq, 2);
});

test('the message comes once more to the session that sent again, not to the others', async () => {
  const user = freshUser('alice');
  const [phone, laptop, bob] = await Promise.all([
    logIn(target, { user }),
    logIn(target, { user }),
    logIn(target),
  ]);
  const id = p2p(user, bob.userId);
  const msg_id = freshMsgId();
  const { seq } = await say(phone, id, 'once', { msg_id });
  await stored(laptop, msg_id);
  const again = await say(laptop, id, 'once', { msg_id });
  assert.equal(again.seq, seq);
  await say(phone, id, 'after');
  for (const [client, times] of [
    [phone, 1],
    [laptop, 2],
    [bob, 1],
  ] as const) {
    await client.waitFor((packet) => isStored(packet) && packet.seq === seq! + 1);
    assert.equal(
      client.packets.filter((packet) => isStored(packet) && packet.msg_id === msg_id).length,
      times,
    );
  }
});

test('sending again is the same in a group', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = await createGroup(target, alice!.userId, [bob!.userId]);
  const msg_id = freshMsgId();
  assert.equal((await say(alice!, id, 'once', { msg_id })).seq, 1);
  assert.equal((await say(alice!, id, 'once', { msg_id })).seq, 1);
  assert.equal((await say(bob!, id, 'two')).seq, 2);
});

test('the same message sent many times at once is stored once', async () => {
  const user = freshUser('alice');
  const sessions = await Promise.all([1, 2, 3, 4].map(() => logIn(target, { user })));
  const id = p2p(user, freshUser('bob'));
  const packet = chatPacket(id, 'once');
  const answers = await Promise.all([...sessions, ...sessions].map((session) => session.request(packet)));
  for (const answer of answers) assert.equal(answer.code, 0);
  for (const session of sessions) assert.equal((await stored(session, packet.msg_id)).seq, 1);
  assert.equal((await say(sessions[0]!, id, 'next')).seq, 2);
});

test('the message that comes once more is as it is now: with its inbox_seq, and read if it was read', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const first = await say(alice!, id, 'once', { msg_id: freshMsgId() });
  await say(alice!, id, 'another');
  assert.equal((await ack(bob!, id, 1, 'read')).code, 0);
  const again = await say(alice!, id, 'once', { msg_id: first.msg_id });
  assert.deepEqual(again.payload, { ...first.payload, status: 2 });
});

test('another send_time, and "to" in place of the conversation, make no other message', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const msg_id = freshMsgId();
  const first = await say(alice!, id, 'once', { msg_id, send_time: 1 });
  const again = await say(alice!, id, 'once', { msg_id, send_time: 2 });
  assert.deepEqual(again.payload, first.payload);
  const mark = alice!.mark();
  const answer = await alice!.request({
    cmd: 2,
    msg_id,
    payload: { to: bob!.userId, content: 'once', msg_type: 1 },
  });
  assert.equal(answer.code, 0);
  assert.equal((await stored(alice!, msg_id, mark)).seq, 1);
});

test('the same msg_id with another content, type or conversation: 409, and the first message stands', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const group = await createGroup(target, alice!.userId, [bob!.userId]);
  const msg_id = freshMsgId();
  await say(alice!, id, URL, { msg_id });
  await assertRejected(alice!, chatPacket(id, 'changed', { msg_id }), 409);
  await assertRejected(alice!, chatPacket(id, URL, { msg_id, msg_type: 2 }), 409);
  await assertRejected(alice!, chatPacket(group, URL, { msg_id }), 409);
  await assertRejected(alice!, chatPacket(p2p(alice!.userId, alice!.userId), URL, { msg_id }), 409);
  const page = await pull(alice!, id);
  assert.deepEqual([page.payload.messages.length, page.payload.messages[0].content], [1, URL]);
  assert.equal((await pull(alice!, group)).payload.head_seq, 0);
});

test('the conflict is found from another session too', async () => {
  const user = freshUser('alice');
  const [phone, laptop] = await Promise.all([logIn(target, { user }), logIn(target, { user })]);
  const self = p2p(user, user);
  const msg_id = freshMsgId();
  await say(phone, self, 'first', { msg_id });
  await assertRejected(laptop, chatPacket(self, 'second', { msg_id }), 409);
});

test('the first message stands: after the conflict, wherever it was found, it can be sent again', async () => {
  const user = freshUser('alice');
  const [phone, laptop] = await Promise.all([logIn(target, { user }), logIn(target, { user })]);
  const self = p2p(user, user);
  const msg_id = freshMsgId();
  await say(phone, self, 'first', { msg_id });
  await assertRejected(laptop, chatPacket(self, 'second', { msg_id }), 409);
  for (const session of [laptop, phone]) assert.equal((await say(session, self, 'first', { msg_id })).seq, 1);
});

test('two contents under one msg_id at once: one is stored, the other is 409', async () => {
  const user = freshUser('alice');
  const [phone, laptop] = await Promise.all([logIn(target, { user }), logIn(target, { user })]);
  const self = p2p(user, user);
  const msg_id = freshMsgId();
  const answers = await Promise.all([
    phone.request(chatPacket(self, 'from the phone', { msg_id })),
    laptop.request(chatPacket(self, 'from the laptop', { msg_id })),
  ]);
  const conflicts = answers.filter((answer) => answer.code !== 0);
  assert.ok(conflicts.length <= 1);
  if (conflicts.length === 0) {
    for (const session of [phone, laptop])
      await event(session, 'rejected', { msg_id, code: 409, error: 'conflict' });
  } else assert.equal(conflicts[0]!.code, 409);
  assert.equal((await say(phone, self, 'next')).seq, 2, 'one was stored');
});

test('the event rejected goes to the sender’s sessions, with msg_id, conversation_id, code and error', async () => {
  const user = freshUser('alice');
  const [phone, laptop, bob] = await Promise.all([
    logIn(target, { user }),
    logIn(target, { user }),
    logIn(target),
  ]);
  const id = p2p(user, bob.userId);
  const msg_id = freshMsgId();
  await say(phone, id, 'first', { msg_id });
  const mark = laptop.mark();
  const answer = await phone.request(chatPacket(id, 'second', { msg_id }));
  if (answer.code === 0) {
    for (const session of [phone, laptop]) {
      const rejected = await event(session, 'rejected', { msg_id });
      assert.deepEqual(rejected.payload, {
        type: 'rejected',
        msg_id,
        conversation_id: id,
        code: 409,
        error: 'conflict',
      });
    }
  } else {
    // Known at that moment: the answer says it, and nobody is told later.
    assert.equal(answer.code, 409);
    await say(phone, id, 'next');
    await laptop.waitFor((packet) => packet.seq === 2, 'the next message', mark);
    assert.deepEqual(laptop.since(mark).filter(isEvent('rejected')), []);
  }
  await say(phone, id, 'last');
  await bob.waitFor((packet) => packet.payload.content === 'last');
  assert.deepEqual(bob.packets.filter(isEvent('rejected')), []);
});

test('a msg_id belongs to its sender: another user may use it too', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const msg_id = freshMsgId();
  assert.equal((await say(alice!, id, 'from alice', { msg_id })).seq, 1);
  const mark = bob!.mark();
  assert.equal((await bob!.request(chatPacket(id, 'from bob', { msg_id }))).code, 0);
  const own = (packet: { payload: { sender_id?: string } }) => packet.payload.sender_id === bob!.userId;
  assert.equal((await bob!.waitFor(own, 'his own message', mark)).seq, 2);
});

test('a recalled message, sent again, answers 0 and comes as recalled', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const msg_id = freshMsgId();
  const { seq } = await say(alice!, id, 'regret', { msg_id });
  assert.equal((await recall(alice!, id, seq!)).code, 0);
  const again = await say(alice!, id, 'regret', { msg_id });
  assert.equal(again.seq, seq);
  assert.deepEqual([again.payload.content, again.payload.recalled], ['', true]);
});

test('a recalled message stands too: the same msg_id with another content is 409', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const msg_id = freshMsgId();
  const { seq } = await say(client, self, 'regret', { msg_id });
  assert.equal((await recall(client, self, seq!)).code, 0);
  await assertRejected(client, chatPacket(self, 'better', { msg_id }), 409);
  const page = await pull(client, self);
  assert.deepEqual([page.payload.head_seq, page.payload.messages[0].content], [1, '']);
});

test('a message that was refused leaves its msg_id free', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const msg_id = freshMsgId();
  assert.equal((await client.request(chatPacket(self, 'x'.repeat(20_000), { msg_id }))).code, 413);
  assert.equal((await say(client, self, 'shorter', { msg_id })).payload.content, 'shorter');
});
