import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysAgo, dayTitle, lastSeen, shortTime, timeOfDay } from './format.ts';

const at = (...parts: [number, number, number, number?, number?]) => new Date(...parts).getTime();
const NOW = at(2026, 5, 10, 12);

test('days are counted by the calendar, also where the clocks change', () => {
  assert.equal(daysAgo(at(2026, 5, 9, 23, 59), at(2026, 5, 10, 0, 1)), 1);
  assert.equal(daysAgo(at(2026, 5, 10, 0, 1), at(2026, 5, 10, 23, 59)), 0);
  for (let day = 1; day < 366; day += 1) {
    assert.equal(daysAgo(at(2026, 0, day, 1), at(2026, 0, day + 1, 0)), 1, `day ${day} of the year`);
  }
});

test('days near by have names', () => {
  assert.equal(dayTitle(NOW, NOW), 'Today');
  assert.equal(dayTitle(at(2026, 5, 9), NOW), 'Yesterday');
  assert.match(dayTitle(at(2025, 5, 9), NOW), /2025/);
  assert.doesNotMatch(dayTitle(at(2026, 0, 9), NOW), /2026/);
});

test('the list shows the time of today and the day before that', () => {
  const morning = at(2026, 5, 10, 8, 5);
  assert.equal(shortTime(morning, NOW), timeOfDay(morning));
  assert.equal(shortTime(at(2026, 5, 9, 8), NOW), 'Yesterday');
});

test('when somebody was seen', () => {
  assert.equal(lastSeen(null, NOW), 'Offline');
  assert.equal(lastSeen(NOW - 30_000, NOW), 'Last seen just now');
  assert.equal(lastSeen(NOW - 5 * 60_000, NOW), 'Last seen 5 min ago');
  assert.match(lastSeen(at(2026, 5, 9, 8), NOW), /^Last seen yesterday at /);
});
