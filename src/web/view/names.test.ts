import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../../protocol/message.ts';
import type { ConversationState } from '../../sdk/types.ts';
import { hueOf, initials, preview, titleOf, typingLine } from './names.ts';

test('initials are one or two letters, whatever the name', () => {
  assert.equal(initials('alice'), 'A');
  assert.equal(initials('ada.lovelace'), 'AL');
  assert.equal(initials('<b>Hike</b>'), 'BB');
  assert.equal(initials('…'), '?');
});

test('a hue is always the same for an id', () => {
  assert.equal(hueOf('alice'), hueOf('alice'));
  assert.notEqual(hueOf('alice'), hueOf('bob'));
  assert.ok(hueOf('alice') >= 0 && hueOf('alice') < 360);
});

test('a conversation is called after the other one, or the group', () => {
  const listed = { conversation_id: 'group_x', name: 'Hike' } as ConversationState;
  const state = { userId: 'alice', conversations: [listed], groups: {} };
  assert.equal(titleOf(state, 'p2p:alice:bob'), 'bob');
  assert.equal(titleOf(state, 'p2p:Zoe:alice'), 'Zoe');
  assert.equal(titleOf(state, 'p2p:alice:alice'), 'Notes to self');
  assert.equal(titleOf(state, 'group_x'), 'Hike');
});

test('the last message fits on one line and says whose it is', () => {
  const line = (last: Partial<Message> | null, type: 'direct' | 'group') =>
    preview({ type, last_message: last } as ConversationState, 'alice');
  const text = { sender_id: 'bob', msg_type: 1, content: 'one\n\ntwo' } as const;
  assert.equal(line(null, 'direct'), 'No messages yet');
  assert.equal(line(text, 'direct'), 'one two');
  assert.equal(line(text, 'group'), 'bob: one two');
  assert.equal(line({ ...text, sender_id: 'alice', msg_type: 2 }, 'direct'), 'You: Picture');
  assert.equal(line({ ...text, recalled: true }, 'direct'), 'Message recalled');
});

test('who types', () => {
  assert.equal(typingLine([]), undefined);
  assert.equal(typingLine(['bob']), 'bob is typing');
  assert.equal(typingLine(['bob', 'carol']), 'bob and carol are typing');
  assert.equal(typingLine(['bob', 'carol', 'dave']), 'Several people are typing');
});
