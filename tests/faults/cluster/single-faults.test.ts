import { type TestContext, test } from 'node:test';
import { NO_TOXIPROXY } from '../../harness/toxiproxy.ts';
import { type Arena, NO_ARENA, openArena } from '../nemesis/arena.ts';
import { fight } from '../nemesis/bout.ts';
import type { Fault } from '../nemesis/fault.ts';
import { createRandom, seedOf } from '../seeded-random.ts';

const SEED = seedOf(process.env.SEED);
/** A regular expression for names of faults and ways, to see but some of them. */
const ONLY = new RegExp(process.env.ONLY ?? '');
/** How long a fault lasts, and how long each of those lasts that come one after another. */
const HOLD_MS = 3000;
const HOLD_MS_EACH = 1500;

test('a process or a server is in trouble', { skip: NO_ARENA, timeout: 900_000 }, async (t) => {
  await using arena = await openArena();
  for (const fault of [...arena.faults, arena.zombie].filter(({ name }) => ONLY.test(name))) {
    await t.test(fault.name, (t) => fightThrough(t, arena, [fault], HOLD_MS));
  }
});

test('the way of a role to a store is in trouble, in one direction after the other', {
  skip: NO_ARENA || NO_TOXIPROXY,
  timeout: 600_000,
}, async (t) => {
  await using arena = await openArena();
  for (const [way, faults] of Map.groupBy(arena.wayFaults, ({ subject }) => subject)) {
    if (ONLY.test(way)) await t.test(way, (t) => fightThrough(t, arena, faults, HOLD_MS_EACH));
  }
});

async function fightThrough(t: TestContext, arena: Arena, faults: Fault[], holdMs: number): Promise<void> {
  t.diagnostic(`SEED=${SEED}`);
  await fight(arena, {
    steps: faults.map((fault) => ({ faults: [fault], holdMs, restMs: 0 })),
    random: createRandom(SEED),
    tell: (text) => t.diagnostic(text),
  });
}
