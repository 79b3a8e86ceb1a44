import assert from 'node:assert/strict';
import { test } from 'node:test';
import { p2p } from '../harness/names.ts';
import type { Packet, RawClient } from '../harness/raw-client.ts';
import { createRestartableServer, type Exit, type RestartableServer } from '../harness/restartable-server.ts';
import { assertOpen, chatPacket, logIn } from '../harness/talk.ts';
import { caughtUp } from './caught-up.ts';
import { faultsOf, type SentMessage } from './history.ts';
import { pullHistory } from './pull-history.ts';

const PEOPLE = ['ann', 'bob'] as const;
const CONVERSATION = p2p(...PEOPLE);
/** 2 or 4 MiB: a few hundred of these messages at most. */
const FILE_BLOCKS_MAX = 4096;
const CONTENT = 'x'.repeat(16_000);
const MESSAGES_MAX = 1000;
const REFUSALS = 20;
const TIMEOUT_MS = 120_000;
const ENDS: Partial<Record<NodeJS.Signals, Exit>> = {
  SIGTERM: { code: 0, signal: null },
  SIGKILL: { code: null, signal: 'SIGKILL' },
};

for (const [signal, exit] of Object.entries(ENDS)) {
  test(`a full disk refuses messages and loses none that was answered (then ${signal})`, {
    timeout: TIMEOUT_MS,
  }, async (t) => {
    await using server = await createRestartableServer({ MESSAGES_PER_SECOND: '1000', LOG_LEVEL: 'fatal' });
    await server.start({ fileBlocksMax: FILE_BLOCKS_MAX });
    const sent = await fill(await Promise.all(PEOPLE.map((user) => logIn(server, { user }))));
    server.signal(signal as NodeJS.Signals);
    assert.deepEqual(await server.exited(), exit, server.log());

    await server.start();
    const answered = sent.filter((message) => message.answered);
    t.diagnostic(`${answered.length} messages were answered, ${sent.length - answered.length} refused`);
    assert.ok(answered.length > 0);
    assert.deepEqual(await faults(server, sent), []);
    await sendRefusedAgain(server, sent);
    assert.deepEqual(await faults(server, sent), []);
  });
}

/** Both send in turn until the disk is full, and then some more: every refusal is one, and the server goes on. */
async function fill(clients: RawClient[]): Promise<SentMessage[]> {
  const sent: SentMessage[] = [];
  let refusals = 0;
  while (refusals < REFUSALS) {
    const client = clients[sent.length % clients.length]!;
    const { packet, message } = next(client, sent.length);
    sent.push(message);
    const answer = await client.request(packet);
    message.answered = answer.code === 0;
    if (!message.answered) {
      assertUnavailable(answer);
      refusals += 1;
    }
    assert.ok(sent.length < MESSAGES_MAX, 'the disk never becomes full');
  }
  for (const client of clients) await assertOpen(client);
  return sent;
}

function next(client: RawClient, number: number) {
  const packet = chatPacket(CONVERSATION, `${number} ${CONTENT}`);
  const message: SentMessage = {
    conversationId: CONVERSATION,
    senderId: client.userId,
    session: client.userId,
    msgId: packet.msg_id,
    content: packet.payload.content,
    answered: false,
  };
  return { packet, message };
}

function assertUnavailable({ code, payload }: Packet): void {
  assert.equal(code, 503);
  assert.equal(payload.error, 'unavailable');
  assert.ok(payload.retry_after_ms > 0);
}

/** What was refused is taken now, under the ids that it had; it comes after all else then. */
async function sendRefusedAgain(server: RestartableServer, sent: SentMessage[]): Promise<void> {
  for (const user of PEOPLE) {
    const client = await logIn(server, { user });
    for (const message of sent.filter(({ senderId, answered }) => senderId === user && !answered)) {
      const packet = chatPacket(CONVERSATION, message.content, { msg_id: message.msgId });
      assert.equal((await client.request(packet)).code, 0);
      message.answered = true;
      message.session = `${user} again`;
    }
  }
}

async function faults(server: RestartableServer, sent: SentMessage[]): Promise<string[]> {
  await caughtUp(server);
  const histories = await Promise.all(PEOPLE.map((user) => pullHistory(server, user, CONVERSATION)));
  return faultsOf({ sent, histories, delivered: [] });
}
