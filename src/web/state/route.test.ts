import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conversationOfHash, HASH_OF_LIST, hashOfConversation } from './route.ts';

test('the address names a conversation', () => {
  for (const id of ['p2p:alice:bob', 'group_a.b-c_d']) {
    assert.equal(conversationOfHash(hashOfConversation(id)), id);
  }
  assert.equal(conversationOfHash('#/c/p2p%3Aalice%3Abob'), 'p2p:alice:bob');
});

test('any other address names none', () => {
  for (const hash of [
    '',
    HASH_OF_LIST,
    '#/c/',
    '#/c/%',
    '#/c/nonsense',
    '#/c/p2p:bob:alice',
    '#/d/group_a',
  ]) {
    assert.equal(conversationOfHash(hash), null, hash);
  }
});
