import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import type { Json } from '../harness/raw-client.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import {
  ack,
  assertRejected,
  chatPacket,
  conversationOf,
  logIn,
  logInAll,
  pull,
  recall,
  say,
} from '../harness/talk.ts';
import { NEEDS_OWN_SERVER } from '../harness/target.ts';

const MESSAGES = 60;

test('the message is durable once it is answered, and so are recalls, cursors and msg_ids', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  await using server = await createRestartableServer();
  await server.start();
  const [alice, bob] = await logInAll(server, 'alice', 'bob');
  const busy = p2p(alice!.userId, freshUser('carol'));
  const calm = p2p(alice!.userId, bob!.userId);
  const first = await say(alice!, calm, 'one');
  await say(alice!, calm, 'two');
  assert.equal((await recall(alice!, calm, 2)).code, 0);
  assert.equal((await ack(bob!, calm, 1, 'read')).code, 0);
  const packets = Array.from({ length: MESSAGES }, (_, i) => chatPacket(busy, String(i)));
  const answers = await Promise.all(packets.map((packet) => alice!.request(packet)));
  assert.ok(answers.every((answer) => answer.code === 0));
  server.signal('SIGKILL');
  await server.exited();
  await server.start();

  const sender = await logIn(server, { user: alice!.userId });
  // What was answered and not stored yet is stored now: the next message comes after all of them.
  assert.equal((await say(sender, busy, 'after the crash')).seq, MESSAGES + 1);
  const { messages } = (await pull(sender, busy, 0, { limit: 200 })).payload;
  assert.deepEqual(
    messages.slice(0, MESSAGES).map((message: Json) => [message.seq, message.msg_id]),
    packets.map(({ msg_id }, i) => [i + 1, msg_id]),
  );
  const reader = await logIn(server, { user: bob!.userId });
  const { read_seq, unread, last_message } = await conversationOf(reader, calm);
  assert.deepEqual([read_seq, unread, last_message.recalled], [1, 1, true]);
  await assertRejected(sender, chatPacket(calm, 'another', { msg_id: first.msg_id }), 409);
  assert.equal((await say(sender, calm, 'one', { msg_id: first.msg_id })).seq, 1);
  assert.equal((await say(sender, calm, 'three')).seq, 3);
});
