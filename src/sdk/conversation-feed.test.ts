import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Message } from '../protocol/message.ts';
import type { MessagesPage } from '../protocol/packets.ts';
import { ConversationFeed, WAITING_MAX } from './conversation-feed.ts';

const ID = 'group_g';

function message(seq: number): Message {
  return {
    conversation_id: ID,
    seq,
    msg_id: `m${seq}`,
    sender_id: 'ann',
    msg_type: 1,
    content: `text ${seq}`,
    send_time: 1_000 + seq,
    status: 0,
  };
}

function page(seqs: number[], headSeq: number): MessagesPage {
  return { conversation_id: ID, messages: seqs.map(message), has_more: false, head_seq: headSeq };
}

interface Pull extends PromiseWithResolvers<MessagesPage> {
  afterSeq: number;
}

/** A feed whose pulls the test answers itself. */
function createRig(place = 0, borrowed = false) {
  const delivered: Message[] = [];
  const places: number[] = [];
  const failures: unknown[] = [];
  const pulls: Pull[] = [];
  const feed = new ConversationFeed({
    place,
    borrowed,
    pull: (afterSeq) => {
      const pull = { ...Promise.withResolvers<MessagesPage>(), afterSeq };
      pulls.push(pull);
      return pull.promise;
    },
    deliver: (one) => delivered.push(one),
    onPlace: (reached) => places.push(reached),
    onFailed: (error) => failures.push(error),
  });
  const seqs = () => delivered.map((one) => one.seq);
  /** Answers the pull that is asked now, and waits until the feed has taken the answer. */
  async function answer(expectedAfter: number, result: MessagesPage): Promise<void> {
    const pull = pulls.shift();
    assert.equal(pull?.afterSeq, expectedAfter);
    pull.resolve(result);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { feed, delivered, places, failures, pulls, seqs, answer };
}

describe('conversation feed', () => {
  it('delivers what follows its place at once, and saves the place after each', () => {
    const rig = createRig(4);
    rig.feed.offer(message(5));
    rig.feed.offer(message(6));
    assert.deepEqual(rig.seqs(), [5, 6]);
    assert.deepEqual(rig.places, [5, 6]);
    assert.equal(rig.pulls.length, 0);
  });

  it('delivers nothing twice', () => {
    const rig = createRig(4);
    for (const seq of [5, 5, 4, 1, 6, 5]) rig.feed.offer(message(seq));
    assert.deepEqual(rig.seqs(), [5, 6]);
  });

  it('fills a gap by pulling after its place, with one pull however much comes meanwhile', async () => {
    const rig = createRig();
    for (const seq of [1, 4, 3, 6]) rig.feed.offer(message(seq));
    assert.deepEqual(rig.seqs(), [1]);
    assert.equal(rig.pulls.length, 1);
    await rig.answer(1, page([2, 3, 4, 5, 6], 6));
    assert.deepEqual(rig.seqs(), [1, 2, 3, 4, 5, 6]);
    await rig.feed.settled();
    assert.equal(rig.pulls.length, 0);
  });

  it('needs no page where the missing message comes by itself', async () => {
    const rig = createRig();
    for (const seq of [2, 1]) rig.feed.offer(message(seq));
    assert.deepEqual(rig.seqs(), [1, 2]);
    await rig.answer(0, page([1, 2], 2));
    assert.deepEqual(rig.seqs(), [1, 2]);
  });

  it('pulls page after page up to the head that a list told', async () => {
    const rig = createRig(2);
    rig.feed.noteHead(7);
    await rig.answer(2, page([3, 4], 7));
    await rig.answer(4, page([5, 6], 8));
    rig.feed.offer(message(8));
    await rig.answer(6, page([7], 8));
    await rig.feed.settled();
    assert.deepEqual(rig.seqs(), [3, 4, 5, 6, 7, 8]);
    assert.equal(rig.pulls.length, 0);
  });

  it('moves on to what a page has where earlier history is hidden from this user', async () => {
    const rig = createRig(0);
    rig.feed.noteHead(12);
    await rig.answer(0, page([10, 11, 12], 12));
    assert.deepEqual(rig.seqs(), [10, 11, 12]);
    assert.equal(rig.feed.place, 12);
  });

  it('takes an empty page for hidden history only when a second one is empty too', async () => {
    const rig = createRig(3);
    rig.feed.noteHead(5);
    await rig.answer(3, page([], 5));
    assert.equal(rig.feed.place, 3);
    await rig.answer(3, page([], 5));
    await rig.feed.settled();
    assert.equal(rig.feed.place, 5);
    rig.feed.offer(message(6));
    assert.deepEqual(rig.seqs(), [6]);
  });

  it('does not skip a message that was stored between the reading of a page and of its head', async () => {
    const rig = createRig(3);
    rig.feed.noteHead(4);
    await rig.answer(3, page([], 4));
    await rig.answer(3, page([4], 4));
    assert.deepEqual(rig.seqs(), [4]);
  });

  it('skips no further than the head of the first empty page', async () => {
    const rig = createRig(3);
    rig.feed.noteHead(5);
    await rig.answer(3, page([], 5));
    // 6 was stored between this page and its head.
    await rig.answer(3, page([], 6));
    assert.equal(rig.feed.place, 5);
    await rig.answer(5, page([6], 6));
    assert.deepEqual(rig.seqs(), [6]);
  });

  it('keeps a bounded number of messages waiting, and pulls those that found no room', async () => {
    const rig = createRig();
    const last = WAITING_MAX + 10;
    for (let seq = 2; seq <= last; seq += 1) rig.feed.offer(message(seq));
    await rig.answer(0, page([1], last));
    const rest = Array.from({ length: last - WAITING_MAX - 1 }, (_, i) => WAITING_MAX + 2 + i);
    await rig.answer(WAITING_MAX + 1, page(rest, last));
    assert.deepEqual(
      rig.seqs(),
      Array.from({ length: last }, (_, i) => i + 1),
    );
  });

  it('keeps the gap when a pull fails, and asks again with the next message', async () => {
    const rig = createRig();
    rig.feed.offer(message(2));
    const failure = new Error('refused');
    rig.pulls.shift()?.reject(failure);
    await rig.feed.settled();
    assert.deepEqual(rig.failures, [failure]);
    assert.equal(rig.pulls.length, 0);
    rig.feed.offer(message(3));
    await rig.answer(0, page([1, 2, 3], 3));
    assert.deepEqual(rig.seqs(), [1, 2, 3]);
  });

  it('delivers as recalled what was recalled while its page was on the way', async () => {
    const rig = createRig();
    rig.feed.noteHead(2);
    rig.feed.recall(2);
    await rig.answer(0, page([1, 2], 2));
    assert.equal(rig.delivered[0]?.recalled, undefined);
    assert.deepEqual(rig.delivered[1], { ...message(2), content: '', recalled: true });
  });

  it('delivers nothing once it is stopped, not even the rest of a page', async () => {
    const delivered: number[] = [];
    const places: number[] = [];
    const feed: ConversationFeed = new ConversationFeed({
      place: 0,
      pull: async () => page([1, 2, 3], 3),
      deliver: (one) => {
        delivered.push(one.seq);
        if (one.seq === 2) feed.stop();
      },
      onPlace: (reached) => places.push(reached),
      onFailed: (error) => assert.fail(String(error)),
    });
    feed.noteHead(3);
    await feed.settled();
    feed.offer(message(3));
    assert.deepEqual(delivered, [1, 2]);
    assert.deepEqual(places, [1, 2], 'what was delivered counts, the last one too');
  });

  it('delivers what is pushed from before a place that it borrowed, and fills up to there', async () => {
    const rig = createRig(4, true);
    rig.feed.offer(message(2));
    assert.deepEqual(rig.seqs(), [2]);
    await rig.answer(2, page([3, 4], 4));
    assert.deepEqual(rig.seqs(), [2, 3, 4]);
    rig.feed.offer(message(1));
    rig.feed.offer(message(4));
    assert.deepEqual(rig.seqs(), [2, 3, 4]);
  });

  it('asks again where a push moved a borrowed place back while a page was on its way', async () => {
    const rig = createRig(4, true);
    rig.feed.noteHead(6);
    rig.feed.offer(message(3));
    await rig.answer(4, page([5, 6], 6));
    assert.deepEqual(rig.seqs(), [3]);
    await rig.answer(3, page([4, 5, 6], 6));
    assert.deepEqual(rig.seqs(), [3, 4, 5, 6]);
  });

  it('does not go back behind a place of its own', () => {
    const rig = createRig(4);
    rig.feed.offer(message(2));
    rig.feed.offer(message(5));
    assert.deepEqual(rig.seqs(), [5]);
  });
});
