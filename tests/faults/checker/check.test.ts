import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from '../seeded-random.ts';
import { ANOMALIES } from './anomaly.ts';
import { check } from './check.ts';
import { DAMAGES } from './damage.ts';
import type { History } from './history.ts';
import { sampleHistory } from './sample-history.ts';

const SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const SMALL = { conversations: 3, messages: 60 };
const LONG_MESSAGES = 100_000;
/** One that is longer by a factor takes longer by that factor, or some such; what grows by its square takes 16 times that. */
const LENGTHS_RATIO = 16;
const TIMES_RATIO_MAX = 6 * LENGTHS_RATIO;

test('a correct history has no anomaly', () => {
  for (const seed of SEEDS) {
    assert.deepEqual(check(sampleHistory(createRandom(seed), SMALL)), [], `seed ${seed}`);
  }
});

describe('an anomaly is found, and called by its name:', () => {
  for (const { what, name, also = [], apply } of DAMAGES) {
    test(`${name}: ${what}`, () => {
      for (const seed of SEEDS) {
        const random = createRandom(seed);
        const history = sampleHistory(random, SMALL);
        apply(history, random);
        const anomalies = check(history);
        const names = new Set(anomalies.map((anomaly) => anomaly.name));
        const texts = JSON.stringify(anomalies.slice(0, 5));
        assert.ok(names.has(name), `seed ${seed}: ${texts}`);
        for (const other of also) names.delete(other);
        assert.deepEqual([...names], [name], `seed ${seed}: ${texts}`);
      }
    });
  }

  test('each that there is', () => {
    assert.deepEqual(new Set(DAMAGES.map(({ name }) => name)), new Set(ANOMALIES));
  });
});

test(`${LONG_MESSAGES} messages take no longer than their number explains`, (t) => {
  const [short, long] = [LONG_MESSAGES / LENGTHS_RATIO, LONG_MESSAGES].map((messages) => {
    const history = sampleHistory(createRandom(messages), { conversations: 1, messages });
    return Math.min(...Array.from({ length: 3 }, () => timeOf(history)));
  });
  t.diagnostic(`${short!.toFixed(0)} ms and ${long!.toFixed(0)} ms`);
  assert.ok(long! <= TIMES_RATIO_MAX * short!, `${long} ms after ${short} ms`);
});

function timeOf(history: History): number {
  const startedAt = performance.now();
  assert.deepEqual(check(history), []);
  return performance.now() - startedAt;
}
