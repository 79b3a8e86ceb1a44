import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberCursor } from './cursors.ts';
import { reached, statusOf, unreadCount } from './message-view.ts';

function cursor(user_id: string, places: Partial<MemberCursor> = {}): MemberCursor {
  return { user_id, conversation_id: 'c', join_seq: 0, ack_seq: 0, read_seq: 0, own_seq: 0, ...places };
}

const byAda = { seq: 5, sender_id: 'ada' };

test('unread counts what others sent after the last read, joined or own message', () => {
  assert.equal(unreadCount(10, cursor('x')), 10);
  assert.equal(unreadCount(10, cursor('x', { read_seq: 4 })), 6);
  assert.equal(unreadCount(10, cursor('x', { read_seq: 4, own_seq: 7 })), 3);
  assert.equal(unreadCount(10, cursor('x', { join_seq: 9 })), 1);
  assert.equal(unreadCount(10, cursor('x', { read_seq: 10 })), 0);
});

test('reading is receiving, and sending is reading', () => {
  assert.deepEqual(reached(cursor('x', { ack_seq: 3, read_seq: 5 })), { ack: 5, read: 5 });
  assert.deepEqual(reached(cursor('x', { ack_seq: 3, own_seq: 9 })), { ack: 9, read: 9 });
});

test('a direct message has the status of its peer', () => {
  const status = (peer: Partial<MemberCursor>) =>
    statusOf(byAda, 'direct', [cursor('ada'), cursor('bob', peer)]);
  assert.equal(status({}), 0);
  assert.equal(status({ ack_seq: 5 }), 1);
  assert.equal(status({ read_seq: 5 }), 2);
  assert.equal(status({ own_seq: 6 }), 2);
  assert.equal(statusOf(byAda, 'direct', [cursor('ada')]), 2, 'to oneself');
});

test('in a small group any receives, all read; who joined later does not count', () => {
  const status = (...others: MemberCursor[]) => statusOf(byAda, 'group', [cursor('ada'), ...others]);
  assert.equal(status(cursor('bob'), cursor('cleo', { ack_seq: 5 })), 1);
  assert.equal(status(cursor('bob', { read_seq: 5 }), cursor('cleo', { ack_seq: 5 })), 1);
  assert.equal(status(cursor('bob', { read_seq: 5 }), cursor('cleo', { read_seq: 7 })), 2);
  assert.equal(status(cursor('bob'), cursor('late', { join_seq: 5, ack_seq: 5, read_seq: 5 })), 0);
  assert.equal(status(cursor('late', { join_seq: 5 })), 2, 'no other joined before it');
  assert.equal(status(), 2, 'there is no other');
  assert.equal(statusOf(byAda, 'group', undefined), 0, 'a large group has no cursors');
});
