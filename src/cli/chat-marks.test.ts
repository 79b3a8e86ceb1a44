import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMarks } from './chat-marks.ts';

describe('marks of one’s own messages', () => {
  it('come once for delivered and once for read', () => {
    const marks = createMarks();
    marks.own('p2p:ann:bob', 4);
    assert.equal(marks.receipt('p2p:ann:bob', 'bob', 3, 3), undefined);
    assert.deepEqual(marks.receipt('p2p:ann:bob', 'bob', 4, 3), { kind: 'delivered', seq: 4 });
    assert.equal(marks.receipt('p2p:ann:bob', 'bob', 4, 3), undefined);
    assert.deepEqual(marks.receipt('p2p:ann:bob', 'bob', 4, 4), { kind: 'read', seq: 4 });
    assert.equal(marks.receipt('p2p:ann:bob', 'bob', 9, 9), undefined);
  });

  it('name the newest message that a cursor covers, for each member on their own', () => {
    const marks = createMarks();
    for (const seq of [6, 2, 5]) marks.own('group_g', seq);
    assert.deepEqual(marks.receipt('group_g', 'bob', 5, 0), { kind: 'delivered', seq: 5 });
    assert.deepEqual(marks.receipt('group_g', 'cem', 7, 7), { kind: 'read', seq: 6 });
    assert.deepEqual(marks.receipt('group_g', 'bob', 6, 2), { kind: 'read', seq: 2 });
  });

  it('do not mix conversations', () => {
    const marks = createMarks();
    marks.own('group_a', 1);
    assert.equal(marks.receipt('group_b', 'bob', 1, 1), undefined);
  });
});
