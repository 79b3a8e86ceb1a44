import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../protocol/message.ts';
import { emptyTimeline, type Timeline } from '../state/timeline.ts';
import { rowsOf } from './rows.ts';

const MINUTE = 60_000;
const NOON = new Date(2026, 5, 10, 12).getTime();

function message(seq: number, senderId: string, sendTime: number): Message {
  return {
    conversation_id: 'p2p:alice:bob',
    seq,
    msg_id: `m${seq}`,
    sender_id: senderId,
    msg_type: 1,
    content: `message ${seq}`,
    send_time: sendTime,
    status: 0,
  };
}

function shape(timeline: Partial<Timeline>) {
  const rows = rowsOf({ ...emptyTimeline(), ...timeline }, 'alice', NOON);
  return rows.map((row) => {
    if (row.kind === 'day') return row.title;
    if (row.kind === 'unread') return 'unread';
    return `${row.entry.content}${row.first ? ' first' : ''}${row.last ? ' last' : ''}`;
  });
}

test('messages of one sender within minutes form a group', () => {
  const messages = [
    message(1, 'bob', NOON - 20 * MINUTE),
    message(2, 'bob', NOON - 10 * MINUTE),
    message(3, 'bob', NOON - 9 * MINUTE),
    message(4, 'alice', NOON - 8 * MINUTE),
  ];
  const expected = ['message 1 first last', 'message 2 first', 'message 3 last', 'message 4 first last'];
  assert.deepEqual(shape({ messages }), ['Today', ...expected]);
});

test('a new day begins with its title and a new group', () => {
  const midnight = new Date(2026, 5, 10).getTime();
  const messages = [message(1, 'bob', midnight - 1), message(2, 'bob', midnight)];
  assert.deepEqual(shape({ messages }), [
    'Yesterday',
    'message 1 first last',
    'Today',
    'message 2 first last',
  ]);
});

test('the line stands above the first unread message of another', () => {
  const messages = [1, 2, 3].map((seq) => message(seq, seq === 2 ? 'alice' : 'bob', NOON));
  const shown = shape({ messages, unreadAfter: 1 });
  assert.deepEqual(shown, [
    'Today',
    'message 1 first last',
    'message 2 first last',
    'unread',
    'message 3 first last',
  ]);
});

test('a message keeps its key when it is stored', () => {
  const out = { msgId: 'm7', conversationId: 'p2p:alice:bob', msgType: 1, content: '', time: NOON } as const;
  const before = rowsOf({ ...emptyTimeline(), outgoing: [{ ...out, stage: 'pending' }] }, 'alice', NOON);
  const after = rowsOf({ ...emptyTimeline(), messages: [message(7, 'alice', NOON)] }, 'alice', NOON);
  assert.equal(before.at(-1)?.key, after.at(-1)?.key);
});
