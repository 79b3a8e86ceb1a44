import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../contract/wait.ts';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshUser } from '../harness/names.ts';
import { isStored, type RawClient } from '../harness/raw-client.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import { chatPacket, isEvent, logIn, say } from '../harness/talk.ts';
import { caughtUp } from './caught-up.ts';
import { check } from './checker/check.ts';
import { emptyHistory, type History, type Send } from './checker/history.ts';
import { pullHistory } from './pull-history.ts';

/** Sent without waiting in between. */
const WAVE = 30;
/** The member is removed after so many answers. */
const ANSWERED_BEFORE = 40;
const ROUNDS = 10;
const FORBIDDEN = 403;

test('a member is removed amid a burst: what was sent before stands or is rejected, and nothing after it is there', async (t) => {
  await using server = await createRestartableServer({ MESSAGES_PER_SECOND: '1000' });
  await server.start();
  for (let round = 1; round <= ROUNDS; round++) {
    const [owner, member] = [freshUser('owner'), freshUser('member')];
    const group = await createGroup(server, owner, [member]);
    const [olga, max] = [await logIn(server, { user: owner }), await logIn(server, { user: member })];
    const sends: Send[] = [];
    const burst = sendUntilRefused(max, group, sends);
    await until('the burst goes on', () => sends.filter(isAnswered).length >= ANSWERED_BEFORE);
    assertOk(await apiOf(server, owner).delete(`/v1/groups/${group}/members/${member}`));
    const removedAt = performance.now();
    sends.push(await sayOnce(olga, group, 'he is gone'));
    await burst;
    await sendWave(max, group, sends);
    sends.push(await sayOnce(olga, group, 'and silent'));
    await caughtUp(server);
    // When it came is not noted, only that it came by now.
    const at = performance.now();

    const history: History = {
      ...emptyHistory(),
      sends,
      rejections: max.packets.filter(isEvent('rejected')).map(({ payload }) => ({
        senderId: member,
        msgId: payload.msg_id,
        code: payload.code,
        at,
      })),
      observations: [olga, max].flatMap((client) =>
        client.packets.filter(isStored).map(({ payload }) => ({
          reader: client.userId,
          via: 'push' as const,
          at,
          message: payload,
        })),
      ),
      finals: [await pullHistory(server, owner, group)],
      readers: [
        { userId: owner, conversationId: group, liveSince: 0 },
        { userId: member, conversationId: group, removedAt, mayBeForbidden: true },
      ],
    };
    assert.deepEqual(check(history), []);
    const refused = sends.filter(({ outcome }) => outcome === 'refused').length;
    t.diagnostic(
      `${sends.filter(isAnswered).length} answered, ${history.rejections.length} of them rejected, ${refused} refused`,
    );
    assert.ok(refused > WAVE, 'nothing was refused after the removal');
  }
});

function isAnswered({ outcome }: Send): boolean {
  return outcome === 'answered';
}

async function sendUntilRefused(client: RawClient, group: string, sends: Send[]): Promise<void> {
  while (sends.every(({ senderId, outcome }) => senderId !== client.userId || outcome !== 'refused')) {
    await sendWave(client, group, sends);
  }
}

async function sendWave(client: RawClient, group: string, sends: Send[]): Promise<void> {
  const begun = Array.from({ length: WAVE }, (_, index) => begin(client, group, `number ${index}`));
  sends.push(...begun.map(({ send }) => send));
  await Promise.all(begun.map(({ answered }) => answered));
}

function begin(client: RawClient, group: string, content: string) {
  const packet = chatPacket(group, content);
  const send: Send = {
    conversationId: group,
    senderId: client.userId,
    session: client.hello.session_id,
    msgId: packet.msg_id,
    content,
    invokedAt: performance.now(),
    outcome: 'unknown',
  };
  const answered = client.request(packet).then(({ code }) => {
    assert.ok(code === 0 || code === FORBIDDEN, `${code}`);
    send.outcome = code === 0 ? 'answered' : 'refused';
    send.completedAt = performance.now();
  });
  return { send, answered };
}

/** Resolves when it is stored. */
async function sayOnce(client: RawClient, group: string, content: string): Promise<Send> {
  const invokedAt = performance.now();
  const { msg_id, seq, payload } = await say(client, group, content);
  return {
    conversationId: payload.conversation_id,
    senderId: client.userId,
    session: client.hello.session_id,
    msgId: msg_id!,
    content,
    invokedAt,
    outcome: 'answered',
    completedAt: performance.now(),
    seq,
  };
}
