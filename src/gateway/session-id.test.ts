import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSessionId } from './session-id.ts';

test('session ids grow strictly, also within a millisecond and when the clock runs back', () => {
  const clock = [1000, 1000, 1000, 5000, 4000, 5000, 5001, 1_900_000_000_000, 2_900_000_000_000];
  const ids = clock.map((now) => newSessionId(now));
  assert.deepEqual(ids, [...ids].sort());
  assert.equal(new Set(ids).size, ids.length);
});
