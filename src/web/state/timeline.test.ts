import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../protocol/message.ts';
import {
  emptyTimeline,
  markOf,
  type Outgoing,
  trimmed,
  withMessages,
  withOutgoing,
  withRecall,
  withReceipt,
} from './timeline.ts';

const DIRECT = 'p2p:alice:bob';

function message(seq: number, more: Partial<Message> = {}): Message {
  return {
    conversation_id: DIRECT,
    seq,
    msg_id: `m${seq}`,
    sender_id: 'alice',
    msg_type: 1,
    content: `message ${seq}`,
    send_time: seq,
    status: 0,
    ...more,
  };
}

const out: Outgoing = {
  msgId: 'm1',
  conversationId: DIRECT,
  msgType: 1,
  content: 'message 1',
  time: 1,
  stage: 'sent',
};

test('messages stand in order once each, however they come', () => {
  let timeline = withMessages(emptyTimeline(), [message(3), message(1)], 'alice');
  timeline = withMessages(timeline, [message(2), message(3)], 'alice');
  assert.deepEqual(
    timeline.messages.map(({ seq }) => seq),
    [1, 2, 3],
  );
});

test('an older copy takes nothing back', () => {
  let timeline = withMessages(emptyTimeline(), [message(1, { status: 2 }), message(2)], 'alice');
  timeline = withMessages(withRecall(timeline, 2), [message(1), message(2)], 'alice');
  assert.equal(timeline.messages[0]?.status, 2);
  assert.equal(timeline.messages[1]?.recalled, true);
  assert.equal(timeline.messages[1]?.content, '');
});

test('a stored message replaces the one on its way, in whatever order they are heard of', () => {
  const sentFirst = withMessages(withOutgoing(emptyTimeline(), out, 'alice'), [message(1)], 'alice');
  const storedFirst = withOutgoing(withMessages(emptyTimeline(), [message(1)], 'alice'), out, 'alice');
  for (const timeline of [sentFirst, storedFirst]) {
    assert.equal(timeline.outgoing.length, 0);
    assert.equal(timeline.messages.length, 1);
  }
});

test('the id of another user is another message', () => {
  const timeline = withOutgoing(emptyTimeline(), out, 'alice');
  const theirs = message(1, { msg_id: 'm1', sender_id: 'bob' });
  assert.equal(withMessages(timeline, [theirs], 'alice').outgoing.length, 1);
});

test('between two people the receipts of the other tell the mark', () => {
  const mine = message(5);
  const marked = (ack: number, read: number) => {
    const timeline = withReceipt(emptyTimeline(), 'bob', { ack, read });
    return markOf(mine, timeline.cursors);
  };
  assert.equal(marked(4, 4), 'stored');
  assert.equal(marked(5, 4), 'delivered');
  assert.equal(marked(5, 5), 'read');
  assert.equal(markOf(message(5, { status: 1 }), {}), 'delivered');
  assert.equal(markOf(mine, { alice: { ack: 9, read: 9 } }), 'stored');
});

test('whoever answers has read what came before', () => {
  const timeline = withMessages(emptyTimeline(), [message(1), message(2, { sender_id: 'bob' })], 'alice');
  assert.equal(markOf(timeline.messages[0]!, timeline.cursors), 'read');
});

test('in a group one reader is not all', () => {
  const mine = message(5, { conversation_id: 'group_x' });
  assert.equal(markOf(mine, { bob: { ack: 5, read: 5 } }), 'delivered');
  assert.equal(markOf({ ...mine, status: 2 }, {}), 'read');
});

test('a receipt that tells nothing new changes nothing', () => {
  const timeline = withReceipt(emptyTimeline(), 'bob', { ack: 5, read: 5 });
  assert.equal(withReceipt(timeline, 'bob', { ack: 4, read: 5 }), timeline);
});

test('what is trimmed away can be fetched again', () => {
  const timeline = withMessages(emptyTimeline(), [message(1), message(2), message(3)], 'alice');
  assert.equal(trimmed(timeline, 3), timeline);
  const short = trimmed(timeline, 2);
  assert.equal(short.messages[0]?.seq, 2);
  assert.equal(short.hasMore, true);
});
