import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atRate, type Clock } from './pace.ts';

function fakeClock(): Clock & { pass(ms: number): void } {
  let nowMs = 1000;
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { now: () => nowMs, sleep: async (ms) => pass(ms), pass };
}

test('acts at the rate for as long as told', async () => {
  const clock = fakeClock();
  const acted: [due: number, now: number, n: number][] = [];
  await atRate(
    { rate: 4, startMs: 1000, durationMs: 1000 },
    (dueMs, n) => acted.push([dueMs, clock.now(), n]),
    clock,
  );
  assert.deepEqual(acted, [
    [1000, 1000, 0],
    [1250, 1250, 1],
    [1500, 1500, 2],
    [1750, 1750, 3],
  ]);
});

test('what is due before the end is done, whatever its rate', async () => {
  const acts = async (rate: number, durationMs: number) => {
    let count = 0;
    await atRate({ rate, startMs: 1000, durationMs }, () => count++, fakeClock());
    return count;
  };
  assert.equal(await acts(0.1, 11_000), 2);
  assert.equal(await acts(0, 11_000), 0);
  for (const members of [7, 29, 49, 103]) assert.equal(await acts(4.9, (members * 1000) / 4.9), members);
});

test('what comes late stays due when it was, and nothing is left out', async () => {
  const clock = fakeClock();
  const late: number[] = [];
  await atRate(
    { rate: 10, startMs: 1000, durationMs: 500 },
    (dueMs, n) => {
      if (n === 1) clock.pass(250);
      late.push(clock.now() - dueMs);
    },
    clock,
  );
  assert.deepEqual(late, [0, 250, 150, 50, 0]);
});

test('whoever is late still lets others have their turn', async () => {
  const clock = fakeClock();
  let turns = 0;
  const counting = { ...clock, sleep: async () => void turns++ };
  clock.pass(60_000);
  await atRate({ rate: 1000, startMs: 1000, durationMs: 1000 }, () => {}, counting);
  assert(turns >= 50, `${turns} turns in 1000`);
});
