import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedAt, fingerprint, RecentMessages } from './recent-messages.ts';

const FIRST = { fingerprint: 7, sendTime: 1000 };

test('a message sent again is accepted later than the first, also within one millisecond', () => {
  const recent = new RecentMessages();
  assert.equal(acceptedAt(recent.get('ann', 'm1'), 1000), 1000);
  recent.add('ann', 'm1', FIRST);
  assert.equal(acceptedAt(recent.get('ann', 'm1'), 1000), 1001);
  assert.equal(acceptedAt(recent.get('ann', 'm1'), 999), 1001);
  assert.equal(acceptedAt(recent.get('ann', 'm1'), 1500), 1500);
});

test('what was refused after all is forgotten, and may come again', () => {
  const recent = new RecentMessages();
  recent.add('ann', 'm1', FIRST);
  recent.delete('ann', 'm1');
  recent.delete('ann', 'never came');
  assert.equal(recent.get('ann', 'm1'), undefined);
  assert.equal(recent.get('ann', 'never came'), undefined);
  const again = { fingerprint: 8, sendTime: 2000 };
  recent.add('ann', 'm1', again);
  assert.deepEqual(recent.get('ann', 'm1'), again);
});

test('each sender has messages of their own', () => {
  const recent = new RecentMessages();
  recent.add('ann', 'bm1', FIRST);
  for (const [sender, id] of [
    ['annb', 'm1'],
    ['bob', 'bm1'],
    ['bm1', 'ann'],
  ] as const) {
    assert.equal(recent.get(sender, id), undefined, `${sender} ${id}`);
  }
});

test('the last 20,000 are remembered exactly, forgotten ones left out, and those of long ago are gone', () => {
  const recent = new RecentMessages();
  const count = 100_000;
  const sender = (i: number) => `user${i % 10}`;
  for (let i = 0; i < count; i++) {
    recent.add(sender(i), String(i), { fingerprint: i, sendTime: 10 * i });
    if (i % 3 === 0) recent.delete(sender(i), String(i));
  }
  for (let i = 0; i < count; i++) {
    const found = recent.get(sender(i), String(i));
    if (i < count - 40_000 || i % 3 === 0) assert.equal(found, undefined, String(i));
    else if (i >= count - 20_000) assert.deepEqual(found, { fingerprint: i, sendTime: 10 * i });
  }
});

test('a fingerprint tells conversations, types and contents apart, however little they differ', () => {
  const prints = new Set<number>();
  let count = 0;
  const add = (conversation_id: string, msg_type: number, content: string) => {
    prints.add(fingerprint({ conversation_id, msg_type, content }));
    count++;
  };
  for (let a = 0; a < 100; a++) {
    for (let b = 0; b < 500; b++) for (const type of [1, 2]) add(`d:u${a}:u${b}`, type, String(b));
  }
  for (let length = 0; length < 1000; length++) add('c', 1, '\0'.repeat(length));
  for (let unit = 0; unit < 0x1_0000; unit++) add('c', 1, `text ${String.fromCharCode(unit)}`);
  // The same characters one after the other, divided in another way.
  add('ab', 1, 'c');
  add('a', 1, 'bc');
  assert.equal(prints.size, count);
});
