import { test } from 'node:test';
import { NO_ARENA, openArena } from '../nemesis/arena.ts';
import { fight } from '../nemesis/bout.ts';
import { schedule } from '../nemesis/schedule.ts';
import { createRandom, seedOf } from '../seeded-random.ts';

const SEED = seedOf(process.env.SEED);
const BOUTS = 2;
const STEPS = 4;
const BOUNDS = { atOnceMax: 3, holdMs: { min: 1000, max: 6000 }, restMs: { min: 0, max: 2000 } };

test(`${BOUTS} times ${STEPS} combinations of faults, drawn at random`, {
  skip: NO_ARENA,
  timeout: 600_000,
}, async (t) => {
  await using arena = await openArena();
  const steps = schedule([...arena.faults, ...arena.wayFaults], createRandom(SEED), BOUNDS);
  for (let bout = 1; bout <= BOUTS; bout++) {
    const drawn = Array.from({ length: STEPS }, () => steps.next().value);
    await t.test(`combination ${bout} of SEED=${SEED}`, async (t) => {
      // The people draw at moments that differ from run to run, so the schedule's numbers are its own.
      const random = createRandom(SEED + bout);
      await fight(arena, { steps: drawn, random, tell: (text) => t.diagnostic(text) });
    });
  }
});
