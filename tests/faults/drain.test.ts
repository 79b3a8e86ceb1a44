import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../contract/wait.ts';
import { createGroup } from '../harness/api.ts';
import { p2p } from '../harness/names.ts';
import { connect, type RawClient, UpgradeRefused } from '../harness/raw-client.ts';
import { createRestartableServer, type RestartableServer } from '../harness/restartable-server.ts';
import { event, isEvent, logIn, say } from '../harness/talk.ts';
import { caughtUp } from './caught-up.ts';
import { check } from './checker/check.ts';
import { emptyHistory, type Send } from './checker/history.ts';
import { pullHistory } from './pull-history.ts';
import { type Talk, talkUntilClosed } from './raw-talk.ts';

const CLIENTS = 40;
const DRAIN_MS = 2000;
/** How late this process may notice what arrived. */
const NOTICE_MS = 400;
const ANSWERS_BEFORE = 200;
const LONG_DRAIN_MS = 120_000;
const AGAIN_MS = 20;
const TIMEOUT_MS = 240_000;

/** Everyone in a ring, and a group of all. */
interface Conversation {
  id: string;
  members: string[];
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  describe(signal, { timeout: TIMEOUT_MS }, () => {
    test('under load sends everyone away pace by pace and keeps what was accepted', async (t) => {
      await using server = await createRestartableServer({ DRAIN_MS: String(DRAIN_MS) });
      await server.start();
      const users = Array.from({ length: CLIENTS }, (_, index) => `user-${index}`);
      const conversations = await introduce(server, users);
      const clients = await Promise.all(users.map((user) => logIn(server, { user })));
      const talks = clients.map((client) => talkUntilClosed(client, idsOf(conversations, client.userId)));
      await until('there is load', () => sentBy(talks).filter(isAnswered).length >= ANSWERS_BEFORE);

      const departures = clients.map(departure);
      server.signal(signal);
      await Promise.race(departures.map(({ drainedAt }) => drainedAt));
      await refusesNewcomers(server);
      assert.deepEqual(await server.exited(), { code: 0, signal: null }, server.log());
      await assertPaced(departures);
      for (const [index, client] of clients.entries()) {
        if (drainOf(client) < DRAIN_MS / 2) continue;
        assert.ok(talks[index]!.servedWhileDraining > 0, `${client.userId} was not served to its end`);
      }

      await server.start();
      t.diagnostic(`${sentBy(talks).length} messages, of them ${unanswered(talks)} never answered`);
      assert.deepEqual(await faultsAfter(server, conversations, sentBy(talks)), []);
    });

    test('again ends it at once with a failure', async () => {
      await using server = await createRestartableServer({ DRAIN_MS: String(LONG_DRAIN_MS) });
      await server.start();
      const clients = await Promise.all(['ann', 'bob', 'cas', 'dan'].map((user) => logIn(server, { user })));
      const kept = await say(clients[0]!, p2p('ann', 'bob'), 'before');
      server.signal(signal);
      await Promise.all(clients.map((client) => event(client, 'drain')));
      // What comes very soon after the first counts as the same signal, so it is given until it is heard.
      const again = setInterval(() => server.signal(signal), AGAIN_MS);
      const exit = await server.exited().finally(() => clearInterval(again));
      assert.deepEqual(exit, { code: 1, signal: null }, server.log());
      const closes = await Promise.all(clients.map((client) => client.closed));
      assert.ok(
        closes.some(({ code }) => code !== 1012),
        'it did not wait for its clients',
      );

      await server.start();
      await caughtUp(server);
      const { messages } = await pullHistory(server, 'bob', p2p('ann', 'bob'));
      assert.deepEqual(
        messages.map(({ msg_id }) => msg_id),
        [kept.msg_id],
      );
    });
  });
}

async function introduce(server: RestartableServer, users: string[]): Promise<Conversation[]> {
  const ring = users.map((user, index) => {
    const next = users[(index + 1) % users.length]!;
    return { id: p2p(user, next), members: [user, next] };
  });
  return [...ring, { id: await createGroup(server, users[0]!, users), members: users }];
}

function idsOf(conversations: Conversation[], userId: string): string[] {
  return conversations.filter(({ members }) => members.includes(userId)).map(({ id }) => id);
}

function isAnswered({ outcome }: Send): boolean {
  return outcome === 'answered';
}

function sentBy(talks: Talk[]): Send[] {
  return talks.flatMap(({ sent }) => sent);
}

function unanswered(talks: Talk[]): number {
  return sentBy(talks).filter((send) => !isAnswered(send)).length;
}

/** When a client was told to go, and when it was gone. */
interface Departure {
  client: RawClient;
  drainedAt: Promise<number>;
  closedAt: Promise<number>;
}

function departure(client: RawClient): Departure {
  return {
    client,
    drainedAt: event(client, 'drain').then(() => performance.now()),
    closedAt: client.closed.then(() => performance.now()),
  };
}

function drainOf(client: RawClient): number {
  const [drain, ...others] = client.packets.filter(isEvent('drain'));
  assert.ok(drain && others.length === 0, `${client.userId} was told once to go`);
  return drain.payload.reconnect_after_ms;
}

async function refusesNewcomers(server: RestartableServer): Promise<void> {
  await assert.rejects(connect(server), (error) => error instanceof UpgradeRefused && error.status === 503);
  assert.equal((await fetch(`${server.internalUrl}/readyz`)).status, 503);
}

/** Each was closed with 1012 at the time that it was told, and those times are spread over the time there is. */
async function assertPaced(departures: Departure[]): Promise<void> {
  const times: number[] = [];
  const closes: number[] = [];
  for (const { client, drainedAt, closedAt } of departures) {
    const time = drainOf(client);
    const stayed = (await closedAt) - (await drainedAt);
    assert.ok(Number.isInteger(time) && time >= 0 && time <= DRAIN_MS, `told to come back after ${time} ms`);
    assert.equal(client.close?.code, 1012);
    assert.ok(stayed > time - NOTICE_MS, `closed after ${stayed} ms, and was told ${time} ms`);
    times.push(time);
    closes.push(await closedAt);
  }
  assert.ok(Math.min(...times) < DRAIN_MS / 3, 'some go early');
  assert.ok(Math.max(...times) > DRAIN_MS / 2, 'some go late');
  assert.ok(Math.max(...closes) - Math.min(...closes) > DRAIN_MS / 4, 'they go one by one');
}

async function faultsAfter(server: RestartableServer, conversations: Conversation[], sends: Send[]) {
  await caughtUp(server);
  const finals = await Promise.all(
    conversations.flatMap(({ id, members }) => members.map((member) => pullHistory(server, member, id))),
  );
  return check({ ...emptyHistory(), sends, finals });
}
