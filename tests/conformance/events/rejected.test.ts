import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertOk, createGroup } from '../../harness/api.ts';
import { p2p } from '../../harness/names.ts';
import type { Json, RawClient } from '../../harness/raw-client.ts';
import { chatPacket, event, logInAll, pull, say } from '../../harness/talk.ts';
import { useTarget } from '../../harness/target.ts';

const MESSAGES = 60;

const target = await useTarget();

/**
 * Sends while somebody takes away the right to: each message is then either stored, or refused by its answer, or
 * answered `sent` and refused later by the event. Nothing is lost in between.
 */
async function sendWhile(
  act: (id: string, owner: RawClient, sender: RawClient) => Promise<unknown>,
): Promise<void> {
  const [owner, sender] = (await logInAll(target, 'owner', 'sender')) as [RawClient, RawClient];
  const id = await createGroup(target, owner.userId, [sender.userId]);
  await say(sender, id, 'first');
  const packets = Array.from({ length: MESSAGES }, (_, i) => chatPacket(id, String(i)));
  const acting = act(id, owner, sender);
  const answers = await Promise.all(packets.map((packet) => sender.request(packet)));
  await acting;
  const expected: string[] = [];
  for (const [i, answer] of answers.entries()) {
    const msg_id = packets[i]!.msg_id;
    if (answer.code !== 0) {
      assert.equal(answer.code, 403);
      continue;
    }
    const fate = await sender.waitFor(
      (packet) =>
        packet.payload?.msg_id === msg_id && (packet.cmd === 2 || packet.payload.type === 'rejected'),
      `the fate of ${msg_id}`,
    );
    if (fate.cmd === 2) expected.push(msg_id);
    else
      assert.deepEqual(fate.payload, {
        type: 'rejected',
        msg_id,
        conversation_id: id,
        code: 403,
        error: 'forbidden',
      });
  }
  const stored: Json[] = (await pull(owner, id, 1, { limit: 200 })).payload.messages;
  assert.deepEqual(
    stored.map((message) => message.msg_id),
    expected,
  );
}

test('a sender who is muted meanwhile: each message is stored, or refused with 403, now or by the event', async () => {
  await sendWhile(async (id, owner, sender) => {
    const until = Date.now() + 3_600_000;
    const muted = await apiOf(target, owner.userId).patch(`/v1/groups/${id}/members/${sender.userId}`, {
      muted_until: until,
    });
    assertOk(muted);
  });
});

test('a sender who is removed meanwhile: the same', async () => {
  await sendWhile(async (id, owner, sender) => {
    assertOk(await apiOf(target, owner.userId).delete(`/v1/groups/${id}/members/${sender.userId}`));
  });
});

test('rejected is nothing that other users hear of', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const id = p2p(alice.userId, bob.userId);
  const msg_id = `taken-${alice.userId}`;
  await say(alice, id, 'first', { msg_id });
  const answer = await alice.request(chatPacket(id, 'second', { msg_id }));
  if (answer.code === 0) await event(alice, 'rejected', { msg_id });
  else assert.equal(answer.code, 409);
  await say(alice, id, 'third');
  await bob.waitFor((packet) => packet.payload.content === 'third');
  assert.deepEqual(
    bob.packets.filter((packet) => packet.cmd === 5),
    [],
  );
});
