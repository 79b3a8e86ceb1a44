import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, printable, printableJson, table, timestamp } from './table.ts';

test('numbers stand to the right, texts to the left, and what is not there is a dash', () => {
  const text = table(
    ['NAME', 'COUNT'],
    [
      ['ada', 1],
      ['bartholomew', 1234567],
      [null, null],
    ],
  );
  assert.equal(
    text,
    'NAME           COUNT\nada                1\nbartholomew  1234567\n–                  –',
  );
});

test('a table without rows is empty', () => {
  assert.equal(table(['NAME'], []), '');
});

test('what others wrote cannot rewrite the terminal or break a line', () => {
  assert.equal(printable('a\u001b[2J\nb\u009bc\u202e'), 'a\ufffd[2J b\ufffdc\ufffd');
  assert.equal(table(['X'], [['a\nb\u001b']]), 'X\na b\ufffd');
  const value = { text: 'a\u001b\u009b\u202e\u{e0001}' };
  assert.doesNotMatch(printableJson(value), /(?!\n)\p{C}/u);
  assert.deepEqual(JSON.parse(printableJson(value)), value);
});

test('durations are told by their largest unit', () => {
  const told = [0, 999, 1000, 59_999, 60_000, 3_600_000, 172_800_000].map(duration);
  assert.deepEqual(told, ['0 ms', '999 ms', '1 s', '59 s', '1 min', '1 h', '2 d']);
});

test('times are in UTC', () => {
  assert.equal(timestamp(1_790_000_000_123), '2026-09-21T14:13:20.123Z');
});
