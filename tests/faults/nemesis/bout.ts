import { setTimeout as pause } from 'node:timers/promises';
import {
  type CrowdPlan,
  checkPromises,
  gather,
  greet,
  settle,
  untilSaid,
} from '../../integration/cluster/crowd.ts';
import type { Arena } from './arena.ts';
import { createNemesis } from './nemesis.ts';
import { describeStep, type Step } from './schedule.ts';

const PEOPLE = { clients: 16, neighbours: 2, groups: 4, membersPerGroup: 8 };
/** What is said before the first fault, and after the last: the faults come amid traffic, and traffic goes on. */
const SAID_AROUND = 100;
/** The slowest that a busy machine may be. */
const SAID_MS_MAX = 120_000;
/** From healing on, until everyone has everything. */
const SETTLED_MS_MAX = 60_000;

export interface Bout {
  steps: Iterable<Step>;
  random: CrowdPlan['random'];
  people?: Omit<CrowdPlan, 'random'>;
  tell(text: string): void;
}

export interface Outcome {
  answered: number;
  /** From healing on, until everyone had everything. */
  settledMs: number;
}

/** People talk, things go wrong and are mended step by step, and then everything that was promised is looked for. */
export async function fight(arena: Arena, { steps, random, people = PEOPLE, tell }: Bout): Promise<Outcome> {
  const { cluster } = arena;
  const crowd = await gather(cluster, { ...people, random });
  const sayMore = () => {
    const said = crowd.reduce((sum, { sent }) => sum + sent.length, 0);
    return untilSaid(crowd, said + SAID_AROUND, SAID_MS_MAX);
  };
  try {
    await greet(crowd, SAID_MS_MAX);
    for (const chatter of crowd) chatter.talk();
    await sayMore();
    await using nemesis = createNemesis();
    for (const step of steps) {
      tell(describeStep(step));
      await nemesis.inflict(step);
      await pause(step.restMs);
    }
    await arena.recovered();
    const healedAt = performance.now();
    await sayMore();
    await settle(crowd, SETTLED_MS_MAX);
    const settledMs = Math.round(performance.now() - healedAt);
    tell(`everyone has everything ${settledMs} ms after all was well`);
    await checkPromises({ diagnostic: tell }, cluster, crowd, healedAt);
    return { answered: crowd.reduce((sum, { answered }) => sum + answered, 0), settledMs };
  } catch (error) {
    tell(`What the cluster wrote:\n${cluster.log()}`);
    throw error;
  } finally {
    await Promise.all(crowd.map((chatter) => chatter.close()));
  }
}
