import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, type Message, memoryStore } from '../../src/sdk/index.ts';
import { until } from '../contract/wait.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import { logIn, pullInbox, say, sayAll } from '../harness/talk.ts';
import { tokenOf } from '../harness/tokens.ts';

const MESSAGES = 10_000;
const SENDERS = 4;
/** Sent together, so that the answers of one turn come before the next. */
const BURST = 250;
const INBOX_LENGTH = 1000;
const TIMEOUT_MS = 180_000;

test(`${MESSAGES} messages come to an inbox of ${INBOX_LENGTH} while its user is away: all are there afterwards`, {
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using server = await createRestartableServer({
    MESSAGES_PER_SECOND: '100000',
    INBOX_LENGTH: String(INBOX_LENGTH),
  });
  await server.start();
  const away = freshUser('away');
  const senders = await Promise.all(
    Array.from({ length: SENDERS }, (_, i) => logIn(server, { user: freshUser(`s${i}`) })),
  );
  const store = memoryStore();
  const received = new Map<string, Message[]>();
  const open = () => {
    const client = createClient({ url: server.url, token: tokenOf(server.secret, away), store });
    client.on('message', (message) => {
      const messages = received.get(message.conversation_id) ?? [];
      received.set(message.conversation_id, messages);
      messages.push(message);
    });
    return client;
  };
  const before = open();
  await before.connect();
  for (const sender of senders) await say(sender, p2p(sender.userId, away), 'before');
  const count = () => [...received.values()].reduce((sum, { length }) => sum + length, 0);
  await until('the first have come', () => count() === SENDERS);
  await before.close();
  const device = await logIn(server, { user: away });
  const { epoch, seq } = device.hello.inbox;
  device.socket.terminate();

  for (let said = 0; said < MESSAGES; said += SENDERS * BURST) {
    const contents = Array.from({ length: BURST }, (_, i) => `${said + i}`);
    await Promise.all(senders.map((sender) => sayAll(sender, p2p(sender.userId, away), contents)));
  }

  const raw = await logIn(server, { user: away });
  const read = await pullInbox(raw, epoch, seq);
  assert.equal(read.payload.resync, true, 'what was trimmed is not said to be missing');
  const tail = await pullInbox(raw, epoch, seq + MESSAGES - INBOX_LENGTH);
  assert.equal(tail.payload.resync, false, 'what is kept cannot be read');

  const startedAt = performance.now();
  const after = open();
  await after.connect();
  await until('everything has come', () => count() >= MESSAGES + SENDERS, TIMEOUT_MS);
  t.diagnostic(`caught up with ${MESSAGES} in ${Math.round(performance.now() - startedAt)} ms`);
  await after.close();
  for (const messages of received.values()) {
    assert.deepEqual(
      messages.map((message) => message.seq),
      messages.map((_, index) => index + 1),
    );
    assert.equal(messages.length, MESSAGES / SENDERS + 1);
  }
});
