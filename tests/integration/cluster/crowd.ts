import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { until } from '../../contract/wait.ts';
import { Chatter } from '../../faults/chatter.ts';
import { check } from '../../faults/checker/check.ts';
import { emptyHistory, type FinalPull } from '../../faults/checker/history.ts';
import { pullHistory } from '../../faults/pull-history.ts';
import { createGroup } from '../../harness/api.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import type { Target } from '../../harness/target.ts';

const FAULTS_SHOWN = 20;
/** Histories that are pulled at the same time. */
const READERS = 8;

export interface CrowdPlan {
  clients: number;
  /** With so many neighbours on either side in a ring everyone has a direct conversation; so many times `clients` in all. */
  neighbours: number;
  groups: number;
  membersPerGroup: number;
  random: () => number;
}

/** People who all talk at random, each at an app made with the SDK. */
export async function gather(target: Target, plan: CrowdPlan): Promise<Chatter[]> {
  const { clients, neighbours, groups, membersPerGroup, random } = plan;
  const users = Array.from({ length: clients }, (_, index) => freshUser(`u${index}`));
  const at = (index: number) => users[(index + clients) % clients]!;
  const idsOf = new Map(users.map((user) => [user, [] as string[]]));
  for (const [index, user] of users.entries()) {
    for (let step = 1; step <= neighbours; step++) {
      for (const other of [at(index + step), at(index - step)]) idsOf.get(user)!.push(p2p(user, other));
    }
  }
  for (let group = 0; group < groups; group++) {
    const first = Math.floor((group * clients) / groups);
    const members = Array.from({ length: membersPerGroup }, (_, i) => at(first + i));
    const id = await createGroup(target, members[0]!, members);
    for (const member of members) idsOf.get(member)!.push(id);
  }
  return users.map((user) => new Chatter(target, user, idsOf.get(user)!, random));
}

/** Everyone connects and says one thing in each of their conversations, so that all have begun. */
export async function greet(crowd: Chatter[], withinMs: number): Promise<void> {
  await Promise.all(crowd.map((chatter) => chatter.connect()));
  for (const chatter of crowd) for (const id of chatter.conversationIds) chatter.say(id);
  await settle(crowd, withinMs);
}

/** So many messages are said in all, from the beginning. */
export async function untilSaid(crowd: Chatter[], count: number, withinMs: number): Promise<void> {
  const said = () => crowd.reduce((sum, { sent }) => sum + sent.length, 0);
  await until(`${count} messages are said`, () => said() >= count, withinMs);
}

/** Silence, and everything is answered and stored, and was handed to everyone. */
export async function settle(crowd: Chatter[], withinMs: number): Promise<void> {
  for (const chatter of crowd) chatter.fallSilent();
  const deadline = performance.now() + withinMs;
  const restMs = () => Math.max(0, deadline - performance.now());
  const open = () => crowd.reduce((sum, { unanswered, unstored }) => sum + unanswered + unstored, 0);
  await until('everything is answered and stored', () => open() === 0, restMs());
  const heads = headsOf(crowd);
  const behind = () => crowd.flatMap((chatter) => lacks(chatter, heads));
  await until('everyone was handed everything', () => behind().length === 0, restMs()).catch((error) => {
    throw new Error(`Missing: ${behind().slice(0, FAULTS_SHOWN).join('; ')}`, { cause: error });
  });
}

function headsOf(crowd: Chatter[]): Map<string, number> {
  const heads = new Map<string, number>();
  for (const { conversationId, seq = 0 } of crowd.flatMap(({ sent }) => sent)) {
    heads.set(conversationId, Math.max(seq, heads.get(conversationId) ?? 0));
  }
  return heads;
}

function lacks(chatter: Chatter, heads: Map<string, number>): string[] {
  return chatter.conversationIds.flatMap((conversationId) => {
    const [has, head] = [chatter.handedOf(conversationId), heads.get(conversationId) ?? 0];
    return has >= head ? [] : [`${chatter.userId} has ${has} of ${head} in ${conversationId}`];
  });
}

/**
 * What was answered is there once, in order and without gaps, and the same for everyone, live and in history. Where it
 * is told when all was well again, everyone has everything in time from then on.
 */
export async function checkPromises(
  t: Pick<TestContext, 'diagnostic'>,
  target: Target,
  crowd: Chatter[],
  healedAt = performance.now(),
): Promise<FinalPull[]> {
  const wanted = crowd.flatMap(({ userId, conversationIds }) =>
    conversationIds.map((id) => ({ userId, id })),
  );
  const finals: FinalPull[] = [];
  const pullSome = async () => {
    for (let next = wanted.pop(); next; next = wanted.pop()) {
      finals.push(await pullHistory(target, next.userId, next.id));
    }
  };
  await Promise.all(Array.from({ length: READERS }, pullSome));
  const sends = crowd.flatMap((chatter) => chatter.sent);
  const unanswered = sends.filter(({ outcome }) => outcome !== 'answered').length;
  t.diagnostic(`${sends.length} messages, of them ${unanswered} never answered`);
  const observations = crowd.flatMap((chatter) => chatter.observations);
  const readers = crowd.flatMap((chatter) => chatter.readers());
  const history = { ...emptyHistory(), sends, observations, finals, readers, healedAt };
  assert.deepEqual(check(history).slice(0, FAULTS_SHOWN), []);
  assert.deepEqual(
    crowd
      .flatMap(({ errors, userId }) => errors.map((error) => `${userId}: ${error}`))
      .slice(0, FAULTS_SHOWN),
    [],
  );
  return finals;
}
