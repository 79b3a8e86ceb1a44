import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../sdk/index.ts';
import { conversationTitle, messageLine } from './chat-screen.ts';

function message(changes: Partial<Message> = {}): Message {
  return {
    conversation_id: 'p2p:ann:bob',
    seq: 1,
    msg_id: 'm',
    sender_id: 'bob',
    msg_type: 1,
    content: 'hi',
    send_time: new Date(2026, 10, 23, 9, 5).getTime(),
    status: 0,
    ...changes,
  };
}

describe('a message on the terminal', () => {
  it('says who, when and what', () => {
    assert.equal(messageLine(message(), 'ann', false), '09:05 bob: hi');
    assert.equal(
      messageLine(message({ msg_type: 2, content: '/a.png' }), 'ann', false),
      '09:05 bob: [image] /a.png',
    );
    assert.equal(
      messageLine(message({ recalled: true, content: '' }), 'ann', false),
      '09:05 bob: (recalled)',
    );
  });

  it('says where, if that is not the conversation that the user is in', () => {
    assert.equal(messageLine(message(), 'ann', true), '09:05 bob to you: hi');
    assert.equal(messageLine(message({ sender_id: 'ann' }), 'ann', true), '09:05 ann to bob: hi');
    assert.equal(
      messageLine(message({ conversation_id: 'group_g' }), 'ann', true),
      '09:05 bob in group_g: hi',
    );
  });

  it('cannot rewrite the terminal', () => {
    const line = messageLine(message({ content: 'a\u001b[2Jb\rc\u009bd\ne' }), 'ann', false);
    assert.equal(line, '09:05 bob: a�[2Jb�c�d\n      e');
  });
});

describe('a conversation’s title', () => {
  it('is the other’s name, or the group’s id', () => {
    assert.equal(conversationTitle('p2p:ann:bob', 'ann'), 'bob');
    assert.equal(conversationTitle('p2p:ann:bob', 'bob'), 'ann');
    assert.equal(conversationTitle('group_g', 'ann'), 'group_g');
  });
});
