import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import { chatPacket, logIn, say } from '../harness/talk.ts';
import { caughtUp } from './caught-up.ts';
import { pullHistory } from './pull-history.ts';

const ROUNDS = 100;

test('a client sends and is gone before its answer: what it sent is there once or not at all, and once when it sends it again', async (t) => {
  await using server = await createRestartableServer({ CONNECTIONS_PER_USER: '1000' });
  await server.start();
  const [ann, bob] = [freshUser('ann'), freshUser('bob')];
  const conversationId = p2p(ann, bob);
  const packets = Array.from({ length: ROUNDS }, (_, i) => chatPacket(conversationId, `number ${i}`));
  for (const [index, packet] of packets.entries()) {
    const client = await logIn(server, { user: ann });
    client.send(packet);
    if (index % 2 === 0) client.socket.terminate();
    else client.socket.close();
  }

  await caughtUp(server);
  const ids = async () =>
    (await pullHistory(server, bob, conversationId)).messages.map(({ msg_id }) => msg_id);
  const before = await ids();
  t.diagnostic(`${before.length} of ${ROUNDS} arrived`);
  assert.equal(new Set(before).size, before.length);

  const client = await logIn(server, { user: ann });
  for (const { msg_id, payload } of packets) await say(client, conversationId, payload.content, { msg_id });
  const after = await ids();
  assert.deepEqual(after.slice(0, before.length), before);
  assert.deepEqual([...after].sort(), packets.map(({ msg_id }) => msg_id).sort());
});
