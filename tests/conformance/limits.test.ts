import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import type { Packet, RawClient } from '../harness/raw-client.ts';
import { assertOpen, assertRefused, chatPacket, logIn, pull, say, sayAll } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

const MESSAGES_PER_SECOND = 50;
const MESSAGE_BURST = 100;
const PACKETS_PER_SECOND = 200;
const PACKET_BURST = 400;

const [target, slow] = await Promise.all([useTarget(), useTarget({ MESSAGES_PER_SECOND: '2' })]);

function count(answers: Packet[], code: number): number {
  return answers.filter((answer) => answer.code === code).length;
}

/** What the refusals among the answers tell to wait. */
function retryAfter(answers: Packet[]): number {
  return Math.max(
    0,
    ...answers.filter(({ code }) => code === 429).map(({ payload }) => payload.retry_after_ms),
  );
}

/** Sends all at once, and gives the answers and how many more a second may have been earned meanwhile. */
async function burst(client: RawClient, packets: { cmd: number }[], perSecond: number) {
  const startedAt = performance.now();
  const answers = await Promise.all(packets.map((packet) => client.request(packet)));
  const earned = Math.ceil(((performance.now() - startedAt) / 1000) * perSecond) + 1;
  return { answers, earned };
}

test('a session may send 100 messages in a burst; beyond, 429 with retry_after_ms', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const packets = Array.from({ length: 250 }, (_, i) => chatPacket(self, String(i)));
  const { answers, earned } = await burst(client, packets, MESSAGES_PER_SECOND);
  const sent = count(answers, 0);
  assert.ok(sent >= MESSAGE_BURST && sent <= MESSAGE_BURST + earned, `${sent} were accepted`);
  for (const answer of answers.filter(({ code }) => code !== 0)) {
    assertRefused(answer, 429);
    const { retry_after_ms } = answer.payload;
    assert.ok(Number.isInteger(retry_after_ms) && retry_after_ms > 0);
  }
  assert.deepEqual(
    answers.slice(0, MESSAGE_BURST).map((answer) => answer.code),
    Array(MESSAGE_BURST).fill(0),
  );
});

test('what was refused with 429 is not stored, and may be sent again after retry_after_ms', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const packets = Array.from({ length: 130 }, (_, i) => chatPacket(self, String(i)));
  const { answers } = await burst(client, packets, MESSAGES_PER_SECOND);
  let refused = packets.filter((_, i) => answers[i]!.code === 429);
  let waitMs = retryAfter(answers);
  assert.ok(refused.length > 0);
  while (refused.length > 0) {
    await new Promise((done) => setTimeout(done, waitMs));
    const again = await Promise.all(refused.map((packet) => client.request(packet)));
    refused = refused.filter((_, i) => again[i]!.code === 429);
    waitMs = retryAfter(again);
  }
  await client.waitForAll(packets.length, (packet) => packet.cmd === 2 && packet.seq !== undefined);
  const contents = new Set(client.packets.filter(({ seq }) => seq).map(({ payload }) => payload.content));
  assert.equal(contents.size, packets.length);
  assert.equal((await pull(client, self)).payload.head_seq, packets.length, 'each is stored once');
});

test('of all packets a session may send 400 in a burst; beyond, 429', async () => {
  const client = await logIn(target);
  const packets = Array.from({ length: 700 }, () => ({ cmd: 0 }));
  const { answers, earned } = await burst(client, packets, PACKETS_PER_SECOND);
  const accepted = count(answers, 0);
  // The login was one of the packets.
  assert.ok(accepted >= PACKET_BURST - 1 && accepted <= PACKET_BURST + earned, `${accepted} were accepted`);
  assert.equal(accepted + count(answers, 429), packets.length);
  const refused = answers.find(({ code }) => code === 429)!;
  assertRefused(refused, 429);
  assert.equal(refused.cmd, 0);
  assert.ok(refused.payload.retry_after_ms > 0);
});

test('a packet that is refused counts as a packet', async () => {
  const client = await logIn(target);
  const nothing = { conversation_id: p2p(client.userId, client.userId), seq: 1 };
  const packets = Array.from({ length: 700 }, () => ({ cmd: 7, payload: nothing }));
  const { answers } = await burst(client, packets, PACKETS_PER_SECOND);
  assert.ok(count(answers, 429) > 0);
  assert.equal(count(answers, 404) + count(answers, 429), packets.length);
});

test('the limit is of each session, not of all', async () => {
  const user = freshUser('alice');
  const [noisy, quiet] = await Promise.all([logIn(target, { user }), logIn(target, { user })]);
  const packets = Array.from({ length: 500 }, () => ({ cmd: 0 }));
  const { answers } = await burst(noisy, packets, PACKETS_PER_SECOND);
  assert.ok(count(answers, 429) > 0);
  assert.equal((await say(quiet, p2p(user, user), 'calm')).seq, 1);
});

test('MESSAGES_PER_SECOND sets all four', { skip: NEEDS_OWN_SERVER }, async () => {
  const client = await logIn(slow);
  const self = p2p(client.userId, client.userId);
  const chats = await burst(
    client,
    Array.from({ length: 8 }, () => chatPacket(self, 'x')),
    2,
  );
  const sent = count(chats.answers, 0);
  assert.ok(sent >= 4 && sent <= 4 + chats.earned, `${sent} chats`);
  const other = await logIn(slow);
  const beats = await burst(
    other,
    Array.from({ length: 30 }, () => ({ cmd: 0 })),
    8,
  );
  const accepted = count(beats.answers, 0);
  assert.ok(accepted >= 15 && accepted <= 16 + beats.earned, `${accepted} heartbeats`);
});

test('a client that reads too slowly, so that more than 1 MiB waits for it: close 4413, then it pulls', async () => {
  const reader = await logIn(target);
  const senders = await Promise.all([1, 2, 3, 4].map(() => logIn(target)));
  reader.socket.pause();
  // 20 MB as JSON, where `\u0001` is six bytes: beside the megabyte, the operating system's own buffers must be filled.
  const text = '\u0001'.repeat(10_500);
  await Promise.all(
    senders.map(async (sender) => {
      const id = p2p(sender.userId, reader.userId);
      for (let round = 0; round < 16; round++) await sayAll(sender, id, Array(5).fill(text));
    }),
  );
  reader.socket.resume();
  assert.equal((await reader.closed).code, 4413);
  const again = await logIn(target, { user: reader.userId });
  for (const sender of senders) {
    const page = await pull(again, p2p(sender.userId, reader.userId), 0, { limit: 1 });
    assert.equal(page.payload.head_seq, 80);
  }
});

test('a client that does not read is no matter for the others', async () => {
  const reader = await logIn(target);
  const [sender, other] = await Promise.all([logIn(target), logIn(target)]);
  reader.socket.pause();
  for (let i = 0; i < 20; i++) await say(sender, p2p(sender.userId, reader.userId), 'x'.repeat(16_384));
  await assertOpen(other);
  assert.equal((await say(sender, p2p(sender.userId, other.userId), 'hello')).seq, 1);
  reader.socket.resume();
  await reader.waitForAll(20, (packet) => packet.cmd === 2);
});
