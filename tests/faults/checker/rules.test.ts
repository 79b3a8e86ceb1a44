import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Message } from '../../../src/protocol/message.ts';
import { check } from './check.ts';
import { emptyHistory, type History, type Outcome, type Send } from './history.ts';

const GROUP = 'group_g';

function send(msgId: string, at: number, outcome: Outcome, more: Partial<Send> = {}): Send {
  return {
    conversationId: GROUP,
    senderId: 'ann',
    session: 'ann-1',
    msgId,
    content: `text of ${msgId}`,
    invokedAt: at,
    outcome,
    ...(outcome === 'answered' ? { completedAt: at + 1 } : {}),
    ...more,
  };
}

/** A group of which Bob pulled these messages in the end. */
function stored(sends: Send[], ids: string[], more: Partial<History> = {}): History {
  const messages = ids.map(
    (id, index): Message => ({
      conversation_id: GROUP,
      seq: index + 1,
      msg_id: id,
      sender_id: 'ann',
      msg_type: 1,
      content: `text of ${id}`,
      send_time: 1,
      status: 0,
    }),
  );
  return { ...emptyHistory(), sends, finals: [{ conversationId: GROUP, reader: 'bob', messages }], ...more };
}

function names(history: History): string[] {
  return check(history).map(({ name }) => name);
}

test('a conversation that nobody pulled in the end', () => {
  assert.deepEqual(names({ ...emptyHistory(), sends: [send('a', 0, 'answered')] }), ['disagreement']);
});

describe('a message that was not answered', () => {
  const sends = [send('a', 0, 'answered'), send('b', 10, 'unknown'), send('c', 20, 'answered')];
  test('may be absent', () => assert.deepEqual(names(stored(sends, ['a', 'c'])), []));
  test('may be there', () => assert.deepEqual(names(stored(sends, ['a', 'b', 'c'])), []));
  test('is not there twice', () => {
    assert.deepEqual(names(stored(sends, ['a', 'b', 'c', 'b'])), ['duplicate', 'nonmonotonic-send']);
  });
  test('keeps its place in its session', () => {
    const together = sends.map((each) => ({ ...each, invokedAt: 0 }));
    assert.deepEqual(names(stored(together, ['a', 'c', 'b'])), ['nonmonotonic-send']);
  });
});

describe('a message that was sent again by a later session', () => {
  const again = { session: 'ann-2' };
  test('may stand where it was sent first, or where it was sent again', () => {
    const sends = [
      send('a', 0, 'unknown'),
      send('b', 0, 'answered'),
      send('c', 10, 'answered', again),
      send('a', 11, 'answered', again),
    ];
    for (const ids of [
      ['a', 'b', 'c'],
      ['b', 'a', 'c'],
      ['b', 'c', 'a'],
    ]) {
      assert.deepEqual(names(stored(sends, ids)), [], ids.join());
    }
  });
  test('may overtake by it what the first session sent before, and nobody knew of', () => {
    const sends = [send('a', 0, 'unknown'), send('b', 1, 'unknown'), send('b', 2, 'answered', again)];
    for (const ids of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      assert.deepEqual(names(stored(sends, ids)), [], ids.join());
    }
  });
  test('stands before what that session sent after it was answered', () => {
    const sends = [
      send('a', 0, 'unknown'),
      send('a', 10, 'answered', again),
      send('b', 10, 'answered', again),
    ];
    assert.deepEqual(names(stored(sends, ['b', 'a'])), ['nonmonotonic-send']);
  });
});

describe('a message that was answered and rejected', () => {
  const rejected = (code: number) => [{ senderId: 'ann', msgId: 'a', code, at: 5 }];
  const sends = [send('a', 0, 'answered')];
  const removed = [{ conversationId: GROUP, userId: 'ann', mayBeForbidden: true }];
  test('with 403 is absent where its sender may have been removed', () => {
    assert.deepEqual(names(stored(sends, [], { rejections: rejected(403), readers: removed })), []);
  });
  test('with 403 is lost where its sender was a member', () => {
    assert.deepEqual(names(stored(sends, [], { rejections: rejected(403) })), ['lost-write']);
  });
  test('with 500 is lost', () => {
    assert.deepEqual(names(stored(sends, [], { rejections: rejected(500), readers: removed })), [
      'lost-write',
    ]);
  });
  test('is not stored', () => {
    assert.deepEqual(names(stored(sends, ['a'], { rejections: rejected(403), readers: removed })), ['G1a']);
  });
  test('is stored where it was sent again later', () => {
    const later = [...sends, send('a', 10, 'answered')];
    assert.deepEqual(names(stored(later, ['a'], { rejections: rejected(403), readers: removed })), []);
  });
  test('with 409 is there as one of those that were sent under its id', () => {
    const two = [...sends, send('a', 3, 'answered', { content: 'other' })];
    assert.deepEqual(names(stored(two, ['a'], { rejections: rejected(409) })), []);
    assert.deepEqual(names(stored(two, [], { rejections: rejected(409) })), ['lost-write']);
  });
});

test('one id in two conversations', () => {
  const history = stored(
    [send('a', 0, 'answered'), send('a', 1, 'answered', { conversationId: 'group_h' })],
    ['a'],
  );
  const [pull] = history.finals;
  const messages = pull!.messages.map((message) => ({ ...message, conversation_id: 'group_h' }));
  history.finals.push({ conversationId: 'group_h', reader: 'bob', messages });
  assert.deepEqual(names(history), ['duplicate']);
});

describe('a member', () => {
  const sends = [send('a', 0, 'answered'), send('b', 10, 'answered')];
  test('does not have what is hidden', () => {
    const readers = [{ conversationId: GROUP, userId: 'cas', afterSeq: 1 }];
    const history = stored(sends, ['a', 'b'], { readers });
    const [all] = history.finals;
    const withPull = (from: number) => ({
      ...history,
      finals: [all!, { conversationId: GROUP, reader: 'cas', messages: all!.messages.slice(from) }],
    });
    assert.deepEqual(names(withPull(1)), []);
    assert.deepEqual(names(withPull(0)), ['disagreement']);
  });
  test('who was removed sends nothing', () => {
    const readers = [{ conversationId: GROUP, userId: 'ann', removedAt: 5 }];
    assert.deepEqual(names(stored(sends, ['a', 'b'], { readers })), ['trespass']);
    assert.deepEqual(names(stored(sends.slice(0, 1), ['a'], { readers })), []);
  });
});
