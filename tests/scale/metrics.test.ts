import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import { connect, type RawClient } from '../harness/raw-client.ts';
import { readMetrics } from '../harness/read-metrics.ts';
import { ack, chatPacket, heartbeat, listConversations, logIn, pull, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, type Target, useTarget } from '../harness/target.ts';

const USERS = 10_000;
const SENDERS = 20;
/** What every process shows, whoever uses it. */
const SERIES_MAX = 700;
/** Of Node.js itself: of a few kinds each, which show once the first garbage of that kind is collected, say. */
const RUNTIME = 'nodejs_';
/** Codes that a client may close with, all of its own choice. */
const CLOSE_CODES = { from: 3000, to: 3050 };

const target = await useTarget({ MESSAGES_PER_SECOND: '100000' });

test(`metrics do not grow with ${USERS} users`, { skip: NEEDS_OWN_SERVER, timeout: 120_000 }, async () => {
  const senders = await Promise.all(Array.from({ length: SENDERS }, () => logIn(target)));
  await useEverything(target, senders[0]!, 0);
  const before = await series(target);

  const run = freshUser('peer');
  await Promise.all(senders.map((sender, i) => writeToMany(sender, run, i)));
  for (let code = CLOSE_CODES.from; code < CLOSE_CODES.to; code++)
    await useEverything(target, senders[1]!, code);
  const after = await series(target);

  assert.deepEqual(
    after.filter((name) => !before.includes(name) && !name.startsWith(RUNTIME)),
    [],
  );
  assert.ok(after.length <= SERIES_MAX, `${after.length} series`);
  for (const { userId } of senders) assert.ok(!after.some((name) => name.includes(userId)));
});

/** The names with their labels. */
async function series(target: Target): Promise<string[]> {
  const reading = await readMetrics(target.own().internalUrl);
  return [...reading.series.keys()];
}

/** Each path once, with names that nobody had before, and packets that no client should send. */
async function useEverything(target: Target, sender: RawClient, n: number): Promise<void> {
  const stored = await say(sender, p2p(sender.userId, freshUser('peer')), 'hello');
  const conversation = stored.payload.conversation_id;
  await ack(sender, conversation, stored.seq!);
  await pull(sender, conversation);
  await pull(sender, conversation, undefined, { before_seq: 2 });
  await pull(sender, `group_${freshUser('none')}`);
  await sender.request({ cmd: 3, payload: { inbox: freshUser('epoch') } });
  await listConversations(sender);
  await sender.request({ cmd: 7, payload: { conversation_id: conversation, seq: stored.seq } });
  await sender.request({ cmd: 100 + n });
  await heartbeat(sender);
  const other = await connect(target);
  await other.request({ cmd: 1, payload: { token: freshUser('token'), device_id: 'd' } });
  await other.closed;
  const third = await logIn(target);
  third.socket.close(n || CLOSE_CODES.from);
  await third.closed;
}

async function writeToMany(sender: RawClient, run: string, i: number): Promise<void> {
  for (let n = i; n < USERS; n += SENDERS) {
    const answer = await sender.request(chatPacket(p2p(sender.userId, `${run}-${n}`), 'hello'));
    assert.equal(answer.code, 0);
  }
}
