import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../contract/wait.ts';
import { createGroup } from '../harness/api.ts';
import { p2p } from '../harness/names.ts';
import { createRestartableServer, type RestartableServer } from '../harness/restartable-server.ts';
import { logIn } from '../harness/talk.ts';
import { caughtUp } from './caught-up.ts';
import { Chatter } from './chatter.ts';
import { check as anomaliesOf } from './checker/check.ts';
import { emptyHistory, type FinalPull, type History, type Send } from './checker/history.ts';
import { pullHistory } from './pull-history.ts';
import { talkUntilClosed } from './raw-talk.ts';
import { createRandom, seedOf } from './seeded-random.ts';

const ROUNDS = Number(process.env.ROUNDS || 20);
const SEED = seedOf(process.env.SEED);
const CLIENTS = 50;
const GROUPS = 5;
/** The server dies after so many answers at most, and a moment more, so that the answers do not set the moment. */
const ANSWERS_MAX = 400;
const MOMENT_MS_MAX = 20;
/** Apps that end in each round, just before or just after the server: what they had on its way stays unanswered. */
const APPS_ENDED = 3;
const TIMEOUT_MS = 120_000 + ROUNDS * 20_000;
const SETTLE_MS_MAX = 60_000;
const FAULTS_SHOWN = 20;

test(`${ROUNDS} times kill -9 under load: nothing answered is lost, doubled or out of order`, {
  timeout: TIMEOUT_MS,
}, async (t) => {
  t.diagnostic(`SEED=${SEED} ROUNDS=${ROUNDS}`);
  const random = createRandom(SEED);
  await using server = await createRestartableServer();
  await server.start();
  const company = await introduce(server, random);
  try {
    await greet(company.chatters);
    for (const chatter of company.chatters) chatter.talk();
    for (let round = 1; round <= ROUNDS; round++) await killOnce(server, company, random);
    const healedAt = performance.now();
    await settle(company.chatters);
    await check(t, server, company, healedAt);
  } catch (error) {
    t.diagnostic(`What the server wrote:\n${server.log()}`);
    throw error;
  } finally {
    await Promise.all(company.chatters.map((chatter) => chatter.close()));
  }
});

interface Company {
  chatters: Chatter[];
  /**
   * One in each group, on a bare WebSocket: they send nothing again, as the SDK does after a reconnect with what it has
   * not seen stored, which may bring back what the server lost.
   */
  guests: { userId: string; conversationId: string; sent: Send[] }[];
}

/** Everyone talks with both neighbours in a ring, and in two groups. */
async function introduce(server: RestartableServer, random: () => number): Promise<Company> {
  const users = Array.from({ length: CLIENTS }, (_, index) => `user-${index}`);
  const groups = await Promise.all(
    Array.from({ length: GROUPS }, async (_, group) => {
      const members = users.filter((_, index) => index % GROUPS === group || (index + 1) % GROUPS === group);
      const guest = `guest-${group}`;
      return { id: await createGroup(server, members[0]!, [...members, guest]), members, guest };
    }),
  );
  const chatters = users.map((user, index) => {
    const directs = [1, CLIENTS - 1].map((step) => p2p(user, users[(index + step) % CLIENTS]!));
    const own = groups.filter(({ members }) => members.includes(user)).map(({ id }) => id);
    return new Chatter(server, user, [...directs, ...own], random);
  });
  return {
    chatters,
    guests: groups.map(({ id, guest }) => ({ userId: guest, conversationId: id, sent: [] })),
  };
}

/** An app that was never handed anything of a conversation begins it, when started again, where its user has come to. */
async function greet(chatters: Chatter[]): Promise<void> {
  await Promise.all(chatters.map((chatter) => chatter.connect()));
  for (const chatter of chatters) for (const id of chatter.conversationIds) chatter.say(id);
  await settle(chatters);
  const ids = chatters.flatMap(({ conversationIds }) => conversationIds);
  await handedOut(chatters, (conversationId) => ids.filter((id) => id === conversationId).length);
}

async function killOnce(
  server: RestartableServer,
  { chatters, guests }: Company,
  random: () => number,
): Promise<void> {
  const visits = await Promise.all(guests.map(({ userId }) => logIn(server, { user: userId })));
  const talks = visits.map((visit, index) => talkUntilClosed(visit, [guests[index]!.conversationId]));
  const answers = () => chatters.reduce((sum, chatter) => sum + chatter.answered, 0);
  const enough = answers() + 1 + Math.floor(random() * ANSWERS_MAX);
  await until(`${enough} answers`, () => answers() >= enough);
  await pause(random() * MOMENT_MS_MAX);

  const ended = Array.from({ length: APPS_ENDED }, () => chatters[Math.floor(random() * CLIENTS)]!);
  const appsFirst = random() < 0.5;
  if (appsFirst) for (const chatter of ended) chatter.restart();
  server.signal('SIGKILL');
  if (!appsFirst) for (const chatter of ended) chatter.restart();
  assert.deepEqual(await server.exited(), { code: null, signal: 'SIGKILL' });
  await Promise.all(visits.map((visit) => visit.closed));
  for (const [index, { sent }] of talks.entries()) guests[index]!.sent.push(...sent);
  await server.start();
}

/** Waits until all that was sent is answered, and stored. */
async function settle(chatters: Chatter[]): Promise<void> {
  for (const chatter of chatters) chatter.fallSilent();
  await until(
    'everything is answered and stored',
    () => chatters.every(({ unanswered, unstored }) => unanswered === 0 && unstored === 0),
    SETTLE_MS_MAX,
  );
}

/** Waits until every chatter was handed as many messages of each conversation as there are. */
async function handedOut(chatters: Chatter[], lengthOf: (conversationId: string) => number): Promise<void> {
  const isComplete = (chatter: Chatter) =>
    chatter.conversationIds.every((id) => chatter.handedOf(id) >= lengthOf(id));
  await until('everyone was handed everything', () => chatters.every(isComplete), SETTLE_MS_MAX);
}

async function check(
  t: TestContext,
  server: RestartableServer,
  { chatters, guests }: Company,
  healedAt: number,
): Promise<void> {
  const readers = [
    ...chatters.map(({ userId, conversationIds }) => ({ userId, ids: conversationIds })),
    ...guests.map(({ userId, conversationId }) => ({ userId, ids: [conversationId] })),
  ];
  await caughtUp(server);
  const finals = (await Promise.all(readers.map(({ userId, ids }) => pullAll(server, userId, ids)))).flat();
  const lengths = new Map(finals.map(({ conversationId, messages }) => [conversationId, messages.length]));
  await handedOut(chatters, (conversationId) => lengths.get(conversationId)!);
  const sends = [...chatters, ...guests].flatMap((person) => person.sent);
  const unanswered = sends.filter(({ outcome }) => outcome !== 'answered').length;
  t.diagnostic(`${sends.length} messages, of them ${unanswered} never answered`);
  const history: History = {
    ...emptyHistory(),
    sends,
    observations: chatters.flatMap((chatter) => chatter.observations),
    finals,
    readers: chatters.flatMap((chatter) => chatter.readers()),
    healedAt,
  };
  const anomalies = anomaliesOf(history, { unseenMs: SETTLE_MS_MAX });
  assert.deepEqual(anomalies.slice(0, FAULTS_SHOWN), []);
  assert.deepEqual(
    chatters.flatMap(({ errors, userId }) => errors.map((error) => `${userId}: ${error}`)),
    [],
  );
}

async function pullAll(server: RestartableServer, userId: string, ids: string[]): Promise<FinalPull[]> {
  const pulls: FinalPull[] = [];
  for (const id of ids) pulls.push(await pullHistory(server, userId, id));
  return pulls;
}
