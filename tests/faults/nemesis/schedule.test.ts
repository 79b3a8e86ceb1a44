import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../seeded-random.ts';
import { type Fault, NOTHING_TO_HEAL } from './fault.ts';
import { createNemesis } from './nemesis.ts';
import { describeStep, schedule } from './schedule.ts';

const BOUNDS = { atOnceMax: 3, holdMs: { min: 100, max: 200 }, restMs: { min: 10, max: 20 } };
const FAULTS = ['kafka', 'kafka', 'kafka', 'mysql', 'redis'].map((subject, i) =>
  fault(`${subject} ${i}`, subject),
);

function fault(name: string, subject: string, begin: Fault['begin'] = async () => NOTHING_TO_HEAL): Fault {
  return { name, subject, begin };
}

function steps(seed: number, count: number, faults = FAULTS) {
  return schedule(faults, createRandom(seed), BOUNDS).take(count).toArray();
}

test('a seed gives the same schedule again, and another seed another one', () => {
  const told = (seed: number) => steps(seed, 50).map(describeStep);
  assert.deepEqual(told(7), told(7));
  assert.notDeepEqual(told(7), told(8));
});

test('faults at once are of different subjects, as many as allowed, and last as long as told', () => {
  const all = steps(1, 500);
  for (const { faults, holdMs, restMs } of all) {
    assert.equal(new Set(faults.map(({ subject }) => subject)).size, faults.length);
    assert.ok(holdMs >= 100 && holdMs <= 200 && restMs >= 10 && restMs <= 20);
  }
  assert.deepEqual([...new Set(all.map(({ faults }) => faults.length))].sort(), [1, 2, 3]);
  const names = new Set(all.flatMap(({ faults }) => faults.map(({ name }) => name)));
  assert.equal(names.size, FAULTS.length);
});

test('with fewer subjects than faults at once it takes what there is', () => {
  assert.ok(steps(1, 20, FAULTS.slice(0, 2)).every(({ faults }) => faults.length === 1));
});

test('what began is mended, also where another fault cannot begin or cannot be mended', async () => {
  const broken = new Set<string>();
  const sound = (name: string) =>
    fault(name, name, async () => {
      broken.add(name);
      return async () => void broken.delete(name);
    });
  const failing = fault('failing', 'failing', () => Promise.reject(new Error('no such server')));
  const lasting = fault(
    'lasting',
    'lasting',
    async () => () => Promise.reject(new Error('it does not start')),
  );
  const nemesis = createNemesis();
  await assert.rejects(nemesis.inflict({ faults: [sound('a'), failing], holdMs: 0 }), /no such server/);
  assert.deepEqual(broken, new Set());
  await assert.rejects(
    nemesis.inflict({ faults: [sound('a'), lasting, sound('b')], holdMs: 0 }),
    /lasting: Error: it does not start/,
  );
  assert.deepEqual(broken, new Set());
  await nemesis.begin(sound('c'));
  await nemesis[Symbol.asyncDispose]();
  assert.deepEqual(broken, new Set());
});
