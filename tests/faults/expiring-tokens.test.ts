import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, type Message } from '../../src/sdk/index.ts';
import { until } from '../contract/wait.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import { epochSeconds, signToken } from '../harness/tokens.ts';

/** Whole seconds are what a token counts in. */
const TOKEN_SECONDS = 2;
const SESSIONS = 4;
const RECONNECT = { baseMs: 50, maxMs: 200 };

test('tokens expire amid talk: a new one is asked for each time, and nothing is lost, doubled or out of order', async () => {
  await using server = await createRestartableServer({ MESSAGES_PER_SECOND: '1000' });
  await server.start();
  const [ann, bob] = [freshUser('ann'), freshUser('bob')];
  let tokens = 0;
  const clientOf = (user: string) =>
    createClient({
      url: server.url,
      token: () => {
        tokens += 1;
        return signToken(server.secret, { sub: user, exp: epochSeconds() + TOKEN_SECONDS });
      },
      reconnect: RECONNECT,
    });
  const [sender, receiver] = [clientOf(ann), clientOf(bob)];
  const received: Message[] = [];
  const errors: unknown[] = [];
  receiver.on('message', (message) => received.push(message));
  for (const client of [sender, receiver]) {
    client.on('error', (error) => errors.push(error));
    client.on('closed', (end) => errors.push(end));
  }
  try {
    await Promise.all([sender.connect(), receiver.connect()]);
    const sent: string[] = [];
    while (tokens < 2 * SESSIONS) {
      const { msgId, stored } = sender.send({ conversationId: p2p(ann, bob), content: `${sent.length}` });
      sent.push(msgId);
      await stored;
    }
    await until('everything has come', () => received.length >= sent.length);
    assert.deepEqual(
      received.map(({ msg_id }) => msg_id),
      sent,
    );
    assert.deepEqual(
      received.map(({ seq }) => seq),
      sent.map((_, index) => index + 1),
    );
    assert.deepEqual(errors, []);
  } finally {
    await Promise.all([sender.close(), receiver.close()]);
  }
});
