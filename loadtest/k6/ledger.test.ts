import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Count, Ledger, type Sent, type Via } from './ledger.ts';

const READERS = [0, 1];

function stage() {
  const counts: Partial<Record<Count, number>> = {};
  const ledger = new Ledger(READERS.length, (what, n) => {
    if (n > 0) counts[what] = (counts[what] ?? 0) + n;
  });
  const send = (sender = 'a') => ledger.send(sender, 0, (id) => `content of ${id}`);
  const arrive = (reader: number, sent: Sent, seq: number, via: Via = 'push') =>
    ledger.arrive(reader, { seq, msg_id: sent.id, sender_id: sent.sender, content: sent.content }, via);
  /** Answered, and pushed to everybody. */
  const pass = (sent: Sent, seq: number) => {
    ledger.answer(sent);
    for (const reader of READERS) arrive(reader, sent, seq);
  };
  return { counts, ledger, send, arrive, pass };
}

describe('the ledger', () => {
  test('counts what was answered, and what of it arrived, whichever came first', () => {
    const { counts, ledger, send, arrive } = stage();
    const first = send();
    const second = send();
    ledger.answer(first);
    arrive(0, first, 1);
    arrive(1, first, 1);
    arrive(0, second, 2);
    assert.deepEqual(counts, { expected: 2, delivered: 2 });
    ledger.answer(second);
    assert.deepEqual(counts, { expected: 4, delivered: 3 });
    assert.equal(ledger.open, 1);
    assert.deepEqual([ledger.lacks(0), ledger.lacks(1)], [0, 1]);
    arrive(1, second, 2);
    ledger.settle(2);
    assert.deepEqual(counts, { expected: 4, delivered: 4 });
  });

  test('misses what was answered and reached only one', () => {
    const { counts, ledger, send, arrive } = stage();
    const sent = send();
    ledger.answer(sent);
    arrive(0, sent, 1);
    ledger.settle(1);
    assert.deepEqual(counts, { expected: 2, delivered: 1, missing: 1, gaps: 1 });
  });

  test('tells what only a pull brought on a connection that was there from what was pulled after a time offline', () => {
    const { counts, ledger, send, arrive } = stage();
    const sent = send();
    ledger.answer(sent);
    arrive(0, sent, 1, 'repair');
    arrive(1, sent, 1, 'catch_up');
    const early = send();
    arrive(0, early, 2, 'catch_up');
    arrive(1, early, 2, 'repair');
    ledger.answer(early);
    ledger.settle(2);
    assert.deepEqual(counts, { expected: 4, delivered: 2, missed_pushes: 2 });
  });

  test('expects nothing of what was refused, and says what was never answered', () => {
    const { counts, ledger, send } = stage();
    ledger.refuse(send());
    send();
    ledger.settle(0);
    assert.deepEqual(counts, { unanswered: 1 });
  });

  test('sees a message under two numbers, while it is on its way and after', () => {
    const { counts, ledger, send, arrive, pass } = stage();
    const early = send();
    arrive(0, early, 1);
    arrive(0, early, 2);
    assert.deepEqual(counts, { duplicates: 1 });
    const late = send('b');
    pass(late, 3);
    arrive(1, late, 4);
    assert.equal(counts.duplicates, 2);
    assert.equal(ledger.open, 1);
  });

  test('sees two messages under one number', () => {
    const { counts, send, arrive } = stage();
    arrive(0, send(), 1);
    arrive(0, send(), 1);
    assert.deepEqual(counts, { duplicates: 1 });
  });

  test('takes the same message again under its number for harmless', () => {
    const { counts, send, arrive, pass } = stage();
    const sent = send();
    pass(sent, 1);
    arrive(0, sent, 1);
    arrive(0, sent, 1, 'catch_up');
    assert.deepEqual(counts, { expected: 2, delivered: 2, repeats: 1 });
  });

  test('sees what nobody sent, and what was changed on its way', () => {
    const { counts, ledger, send } = stage();
    const { id, sender } = send();
    assert.equal(
      ledger.arrive(0, { seq: 1, msg_id: id, sender_id: sender, content: 'other' }, 'push'),
      undefined,
    );
    ledger.arrive(0, { seq: 2, msg_id: 'a:7', sender_id: 'a', content: '' }, 'push');
    ledger.arrive(0, { seq: 3, msg_id: 'stranger', sender_id: 'c', content: '' }, 'push');
    assert.deepEqual(counts, { unexpected: 3 });
  });
});

describe('the order of a conversation', () => {
  test('is judged by number, not by when a push came', () => {
    const { counts, ledger, send, arrive } = stage();
    const [first, second, third] = [send(), send(), send()];
    arrive(0, second, 2);
    assert.equal(ledger.hasHole(0), true);
    assert.deepEqual([ledger.placeOf(0), ledger.endOf(0)], [0, 2]);
    arrive(0, third, 3);
    arrive(0, first, 1);
    assert.deepEqual(counts, {});
    assert.equal(ledger.hasHole(0), false);
    assert.equal(ledger.placeOf(0), 3);
  });

  test('is broken where a sender’s later message has the lower number, also behind a hole', () => {
    const { counts, ledger, send, arrive } = stage();
    const [first, second] = [send(), send()];
    arrive(0, second, 1);
    arrive(0, first, 2);
    assert.deepEqual(counts, { order_violations: 1 });
    const [third, fourth] = [send(), send()];
    arrive(1, fourth, 4);
    arrive(1, third, 5);
    ledger.settle(0);
    assert.equal(counts.order_violations, 2);
  });

  test('is open between senders, and for what was sent again', () => {
    const { counts, send, arrive } = stage();
    const [first, other, second] = [send(), send('b'), send()];
    arrive(0, other, 1);
    first.resent = true;
    arrive(0, second, 2);
    arrive(0, first, 3);
    assert.deepEqual(counts, {});
  });

  test('has a gap where nothing has a number, up to the head', () => {
    const { counts, ledger, send, pass } = stage();
    pass(send(), 1);
    pass(send(), 3);
    ledger.settle(4);
    assert.deepEqual(counts, { expected: 4, delivered: 4, gaps: 4 });
  });
});
