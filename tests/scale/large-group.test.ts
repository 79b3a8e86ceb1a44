import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../faults/checker/check.ts';
import { emptyHistory, type Observation, type Reader, type Send } from '../faults/checker/history.ts';
import { pullHistory } from '../faults/pull-history.ts';
import { sayOnce } from '../faults/raw-talk.ts';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshUser } from '../harness/names.ts';
import { isStored, type RawClient } from '../harness/raw-client.ts';
import { heartbeat, logIn } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const MEMBERS = 5000;
const CREATED_WITH = 1000;
const ONLINE = 1000;
const SENDERS = 5;
const MESSAGES = 20;
/** Calls and logins under way at once. */
const AT_ONCE = 32;
const TIMEOUT_MS = 240_000;

const target = await useTarget();

test(`a group of ${MEMBERS}, ${ONLINE} of them online`, { timeout: TIMEOUT_MS }, async (t) => {
  const run = freshUser('run');
  const users = Array.from({ length: MEMBERS }, (_, index) => `${run}-${index}`);
  const owner = users[0]!;
  const groupId = await timed(t, 'to make the group', () => makeGroup(owner, users));
  const step = MEMBERS / ONLINE;
  const present = users.filter((_, index) => index % step === 0);
  const clients = await timed(t, `to log in ${ONLINE}`, () =>
    inParallel(present, (user) => logIn(target, { user })),
  );

  const sends: Send[] = [];
  const timesMs: number[] = [];
  const senders = clients.slice(0, SENDERS);
  for (let count = 1; count <= MESSAGES / 2; count++) {
    const startedAt = performance.now();
    const everywhere = reach(clients, count);
    assert.ok(await sayOnce(senders[count % SENDERS]!, groupId, `message ${count}`, sends));
    await everywhere;
    timesMs.push(performance.now() - startedAt);
  }
  timesMs.sort((a, b) => a - b);
  const [least, median, most] = [0, 0.5, 1].map(
    (share) => timesMs[Math.floor(share * (timesMs.length - 1))]!,
  );
  t.diagnostic(
    `one message reaches all ${ONLINE}: median ${median!.toFixed(0)} ms, ${least!.toFixed(0)} to ${most!.toFixed(0)} ms`,
  );

  await timed(t, `for ${MESSAGES / 2} messages at once to reach all`, async () => {
    const everywhere = reach(clients, MESSAGES);
    const said = Array.from({ length: MESSAGES / 2 }, (_, index) =>
      sayOnce(senders[index % SENDERS]!, groupId, `at once ${index}`, sends),
    );
    assert.ok((await Promise.all(said)).every(Boolean));
    await everywhere;
  });
  assert.equal(sends.length, MESSAGES);

  await inParallel(clients, (client) => heartbeat(client));
  const offline = users[1]!;
  const finals = await Promise.all([offline, owner].map((user) => pullHistory(target, user, groupId)));
  const observations = clients.flatMap(observationsOf);
  const readers = present.map((userId): Reader => ({ userId, conversationId: groupId, liveSince: 0 }));
  assert.deepEqual(check({ ...emptyHistory(), sends, observations, finals, readers }), []);
});

/** Made with as many members as one call takes; the others are added one by one. */
async function makeGroup(owner: string, users: string[]): Promise<string> {
  const groupId = await createGroup(target, owner, users.slice(1, CREATED_WITH));
  const api = apiOf(target, owner);
  await inParallel(users.slice(CREATED_WITH), async (user) => {
    assertOk(await api.put(`/v1/groups/${groupId}/members/${user}`));
  });
  const group = await api.get(`/v1/groups/${groupId}`);
  assert.equal(group.body.member_count, MEMBERS);
  return groupId;
}

/** Resolves when each client got so many messages. */
async function reach(clients: RawClient[], count: number): Promise<void> {
  await Promise.all(clients.map((client) => client.waitForAll(count, isStored, 'messages')));
}

/** What was pushed. The heartbeats before leave nothing on its way. */
function observationsOf({ userId, packets }: RawClient): Observation[] {
  const at = performance.now();
  return packets
    .filter(isStored)
    .map(({ payload }): Observation => ({ reader: userId, via: 'push', at, message: payload }));
}

async function inParallel<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function timed<T>(
  t: { diagnostic(text: string): void },
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  t.diagnostic(`${(performance.now() - startedAt).toFixed(0)} ms ${what}`);
  return result;
}
