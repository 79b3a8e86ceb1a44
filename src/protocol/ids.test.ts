import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conversationType, directConversationId, directMembers, isMsgId, isUserId } from './ids.ts';

test('the two of a direct conversation stand in byte order', () => {
  assert.equal(directConversationId('bob', 'alice'), 'p2p:alice:bob');
  assert.equal(directConversationId('b', 'B'), 'p2p:B:b');
  assert.equal(directConversationId('x', 'x'), 'p2p:x:x');
  assert.deepEqual(directMembers('p2p:alice:bob'), ['alice', 'bob']);
});

test('what is no conversation id', () => {
  for (const id of [
    '',
    'p2p',
    'p2p:',
    'p2p:a',
    'p2p:a:',
    'p2p::b',
    'p2p:b:a',
    'p2p:a:b:c',
    'p2p:-a:b',
    'p2p:a:b ',
    'P2P:a:b',
    'group_',
    'group_a b',
    'group_ä',
    'Group_a',
    `group_${'x'.repeat(65)}`,
    `p2p:a:${'b'.repeat(65)}`,
    'p2p:a:b\n',
  ]) {
    assert.equal(conversationType(id), undefined, JSON.stringify(id));
  }
  assert.equal(conversationType(`group_${'x'.repeat(64)}`), 'group');
  assert.equal(conversationType(`p2p:a:${'b'.repeat(64)}`), 'direct');
});

test('user and message ids', () => {
  for (const id of ['a', '0', 'A.b_c-d', 'x'.repeat(64)]) assert.ok(isUserId(id), id);
  for (const id of ['', '.a', '_a', '-a', 'a:b', 'ä', 'x'.repeat(65), 'a\n', 5, null]) {
    assert.equal(isUserId(id), false, String(id));
  }
  for (const id of ['a:b', '.', '-', '_:.-']) assert.ok(isMsgId(id), id);
  for (const id of ['', 'a b', 'x'.repeat(65), '"', 'a\n']) assert.equal(isMsgId(id), false, id);
});
