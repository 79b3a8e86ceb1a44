import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAges } from './kafka-ages.ts';

test('events age while they wait, also where their consumer goes on but does not catch up', () => {
  let now = 0;
  const { ageOf } = createAges(() => now);
  const age = (at: number, from: number, end: number) => {
    now = at;
    return ageOf('messages 0', from, end);
  };
  assert.equal(age(0, 0, 0), 0);
  assert.equal(age(10, 0, 5), 0);
  assert.equal(age(20, 0, 5), 10);
  assert.equal(age(30, 4, 9), 20, 'the fifth event was there at 10');
  assert.equal(age(40, 5, 9), 10, 'the sixth was first seen at 30');
  assert.equal(age(50, 9, 9), 0);
  assert.equal(age(60, 9, 12), 0);
  assert.equal(ageOf('messages 1', 3, 4), 0, 'each partition has its own');
});
