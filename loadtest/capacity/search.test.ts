import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchRate } from './search.ts';

function server(capacity: number) {
  const asked: number[] = [];
  const holdsAt = async (rate: number) => {
    asked.push(rate);
    return rate <= capacity;
  };
  return { asked, holdsAt };
}

test('doubles until it fails, then comes near', async () => {
  const { asked, holdsAt } = server(730);
  const { holds, fails } = await searchRate(50, 100_000, holdsAt);
  assert.deepEqual(asked.slice(0, 5), [50, 100, 200, 400, 800]);
  assert(holds <= 730 && fails! > 730 && fails! / holds <= 1.1, `${holds} holds, ${fails} fails`);
  assert(asked.length <= 9);
});

test('goes below a first rate that fails', async () => {
  const { holds, fails } = await searchRate(50, 100_000, server(9).holdsAt);
  assert.deepEqual([holds, fails], [9, 10]);
  assert.deepEqual(await searchRate(50, 100_000, server(0).holdsAt), { holds: 0, fails: 1 });
});

test('does not pass the highest rate that is allowed', async () => {
  const { asked, holdsAt } = server(1e9);
  assert.deepEqual(await searchRate(50, 120, holdsAt), { holds: 120, fails: undefined });
  assert.deepEqual(asked, [50, 100, 120]);
});
