import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStorage } from '../testing/memory-storage.ts';
import { beginSession, endSession, nameProblem, storedSession } from './session.ts';

test('a name is explained where it cannot be a user id', () => {
  assert.equal(nameProblem('alice.B-2_c'), undefined);
  assert.match(nameProblem('') ?? '', /Enter a name/);
  assert.match(nameProblem('a'.repeat(65)) ?? '', /at most 64/);
  assert.match(nameProblem('.alice') ?? '', /begins with/);
  assert.match(nameProblem('alice bob') ?? '', /letters/);
});

test('a tab keeps its device for the same user alone', () => {
  const storage = memoryStorage();
  const alice = beginSession(storage, 'alice');
  assert.deepEqual(storedSession(storage), alice);
  assert.deepEqual(beginSession(storage, 'alice'), alice);
  const bob = beginSession(storage, 'bob');
  assert.notEqual(bob.deviceId, alice.deviceId);
  endSession(storage);
  assert.equal(storedSession(storage), undefined);
});

test('a storage that holds something else holds no session', () => {
  const storage = memoryStorage();
  for (const text of ['', 'x', 'null', '{"userId":"a b","deviceId":"d"}', '{"userId":"alice"}']) {
    storage.setItem('seqline.session', text);
    assert.equal(storedSession(storage), undefined, text);
  }
});
