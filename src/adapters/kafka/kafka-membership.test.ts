import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Consumer } from 'kafkajs';
import { watchMembership } from './kafka-membership.ts';

const SESSION_MS = 10_000;

/** A membership whose clock and whose news from the coordinator the test makes up. */
function watched() {
  const news = new EventEmitter();
  const events = { GROUP_JOIN: 'joined', HEARTBEAT: 'beat' };
  let now = 0;
  const consumer = { on: news.on.bind(news), events } as unknown as Consumer;
  const membership = watchMembership(consumer, SESSION_MS, () => now);
  return {
    membership,
    join: () => news.emit('joined'),
    beat: () => news.emit('beat'),
    pass(ms: number) {
      now += ms;
    },
  };
}

test('who has not joined is no member', () => {
  assert.equal(watched().membership.now()(), false);
});

test('a membership lasts as long as heartbeats are taken in time', () => {
  const { membership, join, beat, pass } = watched();
  join();
  const lasts = membership.now();
  for (let i = 0; i < 5; i++) {
    pass(SESSION_MS - 1);
    assert.equal(lasts(), true);
    beat();
  }
  pass(SESSION_MS);
  assert.equal(lasts(), false, 'a process that slept so long is no member any more');
});

test('a handler of an earlier generation is none of the present one', () => {
  const { membership, join } = watched();
  join();
  const earlier = membership.now();
  join();
  assert.equal(earlier(), false);
  assert.equal(membership.now()(), true);
});
