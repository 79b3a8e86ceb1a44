import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InboxHead } from '../protocol/packets.ts';
import { InboxPlace } from './inbox-place.ts';

function createPlace(place?: InboxHead) {
  const saved: number[] = [];
  const reached: number[] = [];
  const inbox = new InboxPlace({
    save: ({ seq }) => saved.push(seq),
    onReached: ({ seq }) => reached.push(seq),
  });
  inbox.restore(place);
  return { inbox, saved, reached };
}

describe('inbox place', () => {
  it('advances with each number that follows', () => {
    const { inbox, saved, reached } = createPlace({ epoch: 'e', seq: 4 });
    inbox.seen(5);
    inbox.seen(5);
    inbox.seen(6);
    assert.deepEqual(inbox.place, { epoch: 'e', seq: 6 });
    assert.deepEqual(saved, [5, 6]);
    assert.deepEqual(reached, [5, 6]);
  });

  it('stays before a gap, and passes it when what was missing comes', () => {
    const { inbox } = createPlace({ epoch: 'e', seq: 4 });
    inbox.seen(7);
    inbox.seen(6);
    assert.equal(inbox.place?.seq, 4);
    assert.equal(inbox.gap, true);
    inbox.seen(5);
    assert.equal(inbox.place?.seq, 7);
    assert.equal(inbox.gap, false);
  });

  it('takes what a page reached, and what was seen beyond it', () => {
    const { inbox } = createPlace({ epoch: 'e', seq: 4 });
    for (const seq of [6, 9, 11]) inbox.seen(seq);
    inbox.reached(8);
    assert.equal(inbox.place?.seq, 9);
    assert.equal(inbox.gap, true);
    inbox.reached(3);
    assert.equal(inbox.place?.seq, 9);
  });

  it('covers a head of its own epoch only', () => {
    const { inbox } = createPlace({ epoch: 'e', seq: 4 });
    assert.equal(inbox.covers({ epoch: 'e', seq: 4 }), true);
    assert.equal(inbox.covers({ epoch: 'e', seq: 5 }), false);
    assert.equal(inbox.covers({ epoch: 'f', seq: 1 }), false);
    assert.equal(createPlace().inbox.covers({ epoch: 'e', seq: 0 }), false);
  });

  it('starts over in a new epoch, without claiming that what came before has arrived', () => {
    const { inbox, saved, reached } = createPlace({ epoch: 'e', seq: 4 });
    inbox.seen(6);
    inbox.restart({ epoch: 'f', seq: 2 });
    assert.equal(inbox.gap, false);
    inbox.seen(3);
    assert.deepEqual(inbox.place, { epoch: 'f', seq: 3 });
    assert.deepEqual(saved, [2, 3]);
    assert.deepEqual(reached, [3]);
  });
});
