import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FloodWatch, TokenBucket } from './rate-limit.ts';

test('a bucket gives twice its rate at once, then its rate', () => {
  const bucket = new TokenBucket(50, 0);
  for (let i = 0; i < 100; i++) assert.equal(bucket.take(50, 0), true);
  assert.equal(bucket.take(50, 0), false);
  assert.equal(bucket.take(50, 19), false);
  assert.equal(bucket.take(50, 20), true);
  assert.equal(bucket.take(50, 20), false);
});

test('a bucket never saves up more than the burst, and a clock that runs back gives nothing', () => {
  const bucket = new TokenBucket(10, 1000);
  for (let i = 0; i < 20; i++) assert.equal(bucket.take(10, 1_000_000), true);
  assert.equal(bucket.take(10, 1_000_000), false);
  assert.equal(bucket.take(10, 0), false);
});

test('a run of refusals lasts while the client does not wait', () => {
  const flood = new FloodWatch();
  assert.equal(flood.refused(5000), 0);
  assert.equal(flood.refused(5999), 999);
  assert.equal(flood.refused(6998), 1998);
  assert.equal(flood.refused(7998), 0, 'a wait as long as told ends the run');
});
