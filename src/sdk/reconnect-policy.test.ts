import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLOSES } from '../protocol/codes.ts';
import { createReconnectPolicy, type Ending, SETTLED_MS, type Verdict } from './reconnect-policy.ts';

const OPTIONS = { baseMs: 1_000, maxMs: 30_000 };
const lost: Ending = { closeCode: 1006, onlineMs: 0 };

function delayOf(verdict: Verdict): number {
  assert.ok(verdict.reconnect);
  return verdict.delayMs;
}

describe('reconnect policy', () => {
  it('draws each delay from twice as much, up to the maximum', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    const delays = Array.from({ length: 7 }, () => delayOf(policy.next(lost)));
    assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });

  it('draws from the whole range, zero included', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0);
    assert.equal(delayOf(policy.next(lost)), 0);
  });

  it('starts over after a session that lasted', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    for (let i = 0; i < 5; i += 1) policy.next(lost);
    assert.equal(delayOf(policy.next({ closeCode: 1006, onlineMs: SETTLED_MS })), 500);
  });

  it('goes on backing off from a gateway that takes the login and closes at once', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    policy.next(lost);
    assert.equal(delayOf(policy.next({ closeCode: 4413, onlineMs: SETTLED_MS - 1 })), 1_000);
  });

  it('follows the table of closes: reconnects unless that says no', () => {
    for (const { code, reconnect } of Object.values(CLOSES)) {
      const policy = createReconnectPolicy(OPTIONS, () => 0.5);
      const verdict = policy.next({ closeCode: code, onlineMs: 60_000 });
      assert.equal(verdict.reconnect, reconnect !== 'no', String(code));
    }
  });

  it('comes back after what is left of the time that drain named, and not before', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    for (let i = 0; i < 5; i += 1) policy.next(lost);
    const drained = { closeCode: 1012, onlineMs: 60_000 };
    assert.equal(delayOf(policy.next({ ...drained, drainLeftMs: 7_250 })), 7_250);
    assert.equal(delayOf(policy.next({ ...drained, drainLeftMs: -40 })), 0);
    assert.equal(delayOf(policy.next(lost)), 500, 'a drain starts the backoff over');
  });

  it('backs off from a restart that no drain announced', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    assert.equal(delayOf(policy.next({ closeCode: 1012, onlineMs: 60_000 })), 500);
  });

  it('stays away long where there were too many connections or packets', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0);
    assert.equal(delayOf(policy.next({ closeCode: 4429, onlineMs: 60_000 })), 15_000);
    assert.equal(delayOf(policy.next({ ...lost, refusal: { code: 429, retryAfterMs: 10 } })), 15_000);
  });

  it('waits for the time that a refused login named, and some more', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    assert.equal(delayOf(policy.next({ ...lost, refusal: { code: 503, retryAfterMs: 2_000 } })), 2_500);
  });

  it('ends after a login refused for good, and tries again with a new token', () => {
    const policy = createReconnectPolicy(OPTIONS, () => 0.5);
    assert.equal(policy.next({ ...lost, refusal: { code: 400 } }).reconnect, false);
    assert.equal(policy.next({ ...lost, refusal: { code: 401 } }).reconnect, true);
  });
});
