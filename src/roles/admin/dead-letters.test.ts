import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buriedEvent } from './dead-letters.ts';

function recordOf(value: string) {
  return { offset: 3, time: 5, key: 'a key', value };
}

function letterOf(event: unknown): string {
  return JSON.stringify({ v: 1, kind: 'dead_letter', reason: 'failed', detail: 'why', time: 4, event });
}

test('each kind of event goes back to the topic that it came from', () => {
  const targets = ['chat', 'recall', 'cursor', 'inbox_cursor', 'constructor', 7].map(
    (kind) => buriedEvent(recordOf(letterOf({ kind }))).replayTo,
  );
  assert.deepEqual(targets, ['messages', 'messages', 'receipts', 'receipts', null, null]);
});

test('an event that is no object cannot be replayed', () => {
  for (const event of ['not JSON', null, 7, []]) {
    const letter = buriedEvent(recordOf(letterOf(event)));
    assert.equal(letter.replayTo, null);
    assert.equal(letter.reason, 'failed');
    assert.deepEqual(letter.event, event);
  }
});

test('a record that is no dead letter is shown as what it is', () => {
  for (const value of ['', 'not JSON', 'null', '7', '{"kind":"chat"}']) {
    const letter = buriedEvent(recordOf(value));
    assert.equal(letter.reason, 'unreadable');
    assert.equal(letter.replayTo, null);
    assert.equal(letter.time, 5);
  }
});
