import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeaseRecord } from '../ports/lease.ts';
import { claim, LEASE_TIMES, sighted } from './candidacy.ts';

function held(holder: string, version = '1'): LeaseRecord {
  return { holder, durationMs: 15_000, transitions: 3, version };
}

test('a lease that nobody holds is taken at once, and so is our own', () => {
  const sighting = { version: '1', since: 0 };
  assert.deepEqual(claim(held(''), sighting, 'me', 0), { ...held('me'), transitions: 4 });
  assert.deepEqual(claim(held('me'), sighting, 'me', 0), held('me'));
});

test("another's lease is left alone until it has stood still for as long as it lasts", () => {
  const sighting = { version: '1', since: 1000 };
  assert.equal(claim(held('other'), sighting, 'me', 15_999), undefined);
  assert.equal(claim(held('other'), sighting, 'me', 16_000)?.holder, 'me');
});

test('each renewal that is seen begins the time anew', () => {
  const first = sighted(undefined, held('other', '1'), 1000);
  assert.deepEqual(sighted(first, held('other', '1'), 9000), { version: '1', since: 1000 });
  const renewed = sighted(first, held('other', '2'), 9000);
  assert.equal(claim(held('other', '2'), renewed, 'me', 23_999), undefined);
  assert.equal(claim(held('other', '2'), renewed, 'me', 24_000)?.holder, 'me');
});

test('who cannot renew is inactive before another may begin, however late its last write was seen', () => {
  assert.ok(LEASE_TIMES.activeMs + LEASE_TIMES.retryMs < LEASE_TIMES.durationMs);
});
