import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FloodWatch, TokenBucket } from './rate-limit.ts';

test('a bucket gives twice its rate at once, then its rate, and names the wait', () => {
  const bucket = new TokenBucket(50, 0);
  for (let i = 0; i < 100; i++) assert.equal(bucket.take(50, 0), 0);
  assert.equal(bucket.take(50, 0), 20);
  assert.equal(bucket.take(50, 19), 1);
  assert.equal(bucket.take(50, 20), 0);
  assert.equal(bucket.take(50, 20), 20);
});

test('a bucket never saves up more than the burst, and a clock that runs back gives nothing', () => {
  const bucket = new TokenBucket(10, 1000);
  for (let i = 0; i < 20; i++) assert.equal(bucket.take(10, 1_000_000), 0);
  assert.ok(bucket.take(10, 1_000_000) > 0);
  assert.ok(bucket.take(10, 0) > 0);
});

test('a run of refusals lasts while they follow each other closely', () => {
  const flood = new FloodWatch();
  assert.equal(flood.refused(5000), 0);
  assert.equal(flood.refused(6000), 1000);
  assert.equal(flood.refused(7000), 2000);
  assert.equal(flood.refused(8001), 0, 'a pause ends the run');
});
