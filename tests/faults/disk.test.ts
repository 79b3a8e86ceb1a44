import assert from 'node:assert/strict';
import { test } from 'node:test';
import { p2p } from '../harness/names.ts';
import type { Packet, RawClient } from '../harness/raw-client.ts';
import { createRestartableServer, type Exit, type RestartableServer } from '../harness/restartable-server.ts';
import { assertOpen, chatPacket, logIn } from '../harness/talk.ts';
import { caughtUp } from './caught-up.ts';
import type { Anomaly } from './checker/anomaly.ts';
import { check } from './checker/check.ts';
import { emptyHistory, type Send } from './checker/history.ts';
import { complete, invoke } from './checker/record.ts';
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
    const answered = sent.filter(({ outcome }) => outcome === 'answered');
    t.diagnostic(`${answered.length} messages were answered, ${sent.length - answered.length} refused`);
    assert.ok(answered.length > 0);
    assert.deepEqual(await faults(server, sent), []);
    await sendRefusedAgain(server, sent);
    assert.deepEqual(await faults(server, sent), []);
  });
}

/** Both send in turn until the disk is full, and then some more: every refusal is one, and the server goes on. */
async function fill(clients: RawClient[]): Promise<Send[]> {
  const sent: Send[] = [];
  let refusals = 0;
  while (refusals < REFUSALS) {
    const client = clients[sent.length % clients.length]!;
    const { packet, message } = next(client, sent.length);
    sent.push(message);
    const answer = await client.request(packet);
    complete(message, answer.code);
    if (answer.code !== 0) {
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
  const message = invoke({
    conversationId: CONVERSATION,
    senderId: client.userId,
    session: client.userId,
    msgId: packet.msg_id,
    content: packet.payload.content,
  });
  return { packet, message };
}

function assertUnavailable({ code, payload }: Packet): void {
  assert.equal(code, 503);
  assert.equal(payload.error, 'unavailable');
  assert.ok(payload.retry_after_ms > 0);
}

/** What was refused is taken now, under the ids that it had; it comes after all else then. */
async function sendRefusedAgain(server: RestartableServer, sent: Send[]): Promise<void> {
  for (const user of PEOPLE) {
    const client = await logIn(server, { user });
    const refused = sent.filter(({ senderId, outcome }) => senderId === user && outcome !== 'answered');
    for (const message of refused) {
      const packet = chatPacket(CONVERSATION, message.content, { msg_id: message.msgId });
      const again = invoke({ ...message, session: `${user} again` });
      sent.push(again);
      const { code } = await client.request(packet);
      assert.equal(code, 0);
      complete(again, code);
    }
  }
}

async function faults(server: RestartableServer, sends: Send[]): Promise<Anomaly[]> {
  await caughtUp(server);
  const finals = await Promise.all(PEOPLE.map((user) => pullHistory(server, user, CONVERSATION)));
  return check({ ...emptyHistory(), sends, finals });
}
