import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreConflict } from '../../src/ports/errors.ts';
import type { MessagePage, StoredMessage } from '../../src/ports/messages.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range, stored } from './samples.ts';
import { headOf, type OpenTimeline } from './timeline-fixture.ts';

const DIRECT = 'p2p:ann:bob';
const OTHER = 'p2p:ann:cid';

/** How every store of messages reads and recalls what is stored. `open` gives an empty timeline. */
export function historyContract(name: string, open: OpenTimeline): void {
  describe(`history contract: ${name}`, () => {
    paging(open);
    recalling(open);
  });
}

function paging(open: OpenTimeline): void {
  test('pages go forward to the end', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await fill(timeline, 10);
    const page = (afterSeq: number, limit: number) => read(timeline, { afterSeq }, limit);
    assert.deepEqual(await page(0, 4), { seqs: [1, 2, 3, 4], hasMore: true, headSeq: 10 });
    assert.deepEqual(await page(4, 5), { seqs: [5, 6, 7, 8, 9], hasMore: true, headSeq: 10 });
    assert.deepEqual(await page(4, 6), { seqs: [5, 6, 7, 8, 9, 10], hasMore: false, headSeq: 10 });
    assert.deepEqual(await page(9, 5), { seqs: [10], hasMore: false, headSeq: 10 });
    assert.deepEqual(await page(10, 5), { seqs: [], hasMore: false, headSeq: 10 });
    assert.deepEqual(await page(99, 5), { seqs: [], hasMore: false, headSeq: 10 });
  });

  test('pages go backward to the beginning, each in ascending order', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await fill(timeline, 10);
    const page = (beforeSeq: number, limit: number) => read(timeline, { beforeSeq }, limit);
    assert.deepEqual(await page(99, 4), { seqs: [7, 8, 9, 10], hasMore: true, headSeq: 10 });
    assert.deepEqual(await page(7, 5), { seqs: [2, 3, 4, 5, 6], hasMore: true, headSeq: 10 });
    assert.deepEqual(await page(7, 6), { seqs: [1, 2, 3, 4, 5, 6], hasMore: false, headSeq: 10 });
    assert.deepEqual(await page(1, 5), { seqs: [], hasMore: false, headSeq: 10 });
  });

  test('what is hidden is not on a page, and not beyond one', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await fill(timeline, 10);
    assert.deepEqual(await read(timeline, { afterSeq: 0 }, 3, 6), {
      seqs: [7, 8, 9],
      hasMore: true,
      headSeq: 10,
    });
    assert.deepEqual(await read(timeline, { afterSeq: 8 }, 3, 6), {
      seqs: [9, 10],
      hasMore: false,
      headSeq: 10,
    });
    assert.deepEqual(await read(timeline, { beforeSeq: 10 }, 3, 6), {
      seqs: [7, 8, 9],
      hasMore: false,
      headSeq: 10,
    });
    assert.deepEqual(await read(timeline, { beforeSeq: 10 }, 2, 6), {
      seqs: [8, 9],
      hasMore: true,
      headSeq: 10,
    });
    assert.deepEqual(await read(timeline, { beforeSeq: 5 }, 3, 6), { seqs: [], hasMore: false, headSeq: 10 });
    assert.deepEqual(await read(timeline, { afterSeq: 0 }, 3, 10), { seqs: [], hasMore: false, headSeq: 10 });
  });

  test('a conversation that does not exist is empty', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    for (const from of [{ afterSeq: 0 }, { beforeSeq: 9 }]) {
      assert.deepEqual(await read(timeline, from, 5), { seqs: [], hasMore: false, headSeq: 0 });
    }
    assert.equal(await headOf(timeline, DIRECT), 0);
    assert.equal(await timeline.message(DIRECT, 1), undefined);
  });

  test('ten thousand messages are read in pages of two hundred', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    for (let i = 0; i < 20; i++) await fill(timeline, 500);
    const seen: number[] = [];
    let page: MessagePage;
    do {
      page = await timeline.page({
        conversationId: DIRECT,
        from: { afterSeq: seen.at(-1) ?? 0 },
        hiddenThrough: 0,
        limit: 200,
      });
      seen.push(...seqsOf(page));
    } while (page.hasMore);
    assert.deepEqual(seen, range(1, 10_000));
  });
}

function recalling(open: OpenTimeline): void {
  test('a recalled message keeps its place and its digest, and nothing of its content', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const messages = [
      newMessage({ content: 'one' }),
      newMessage({ content: 'two' }),
      newMessage({ content: 'three' }),
    ];
    await timeline.store(messages, agree);
    const wanted = {
      ...stored(messages[1]!, 2),
      content: '',
      recalled_at: 77,
      content_digest: 'digest of two',
    };
    assert.deepEqual(await timeline.recall(DIRECT, 2, 77, digest), wanted);
    assert.deepEqual(await timeline.message(DIRECT, 2), wanted);
    assert.deepEqual(await timeline.findStored([messages[1]!]), [wanted]);
    const { messages: page } = await everything(timeline);
    assert.deepEqual(page, [stored(messages[0]!, 1), wanted, stored(messages[2]!, 3)]);
    assert.equal(await headOf(timeline, DIRECT), 3);
  });

  test('recalling again changes nothing', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.store([newMessage({ content: 'one' })], agree);
    const results = await Promise.all(range(1, 5).map((time) => timeline.recall(DIRECT, 1, time, digest)));
    for (const result of results) assert.deepEqual(result, results[0]);
    assert.equal(results[0]!.content_digest, 'digest of one');
    assert.deepEqual(await timeline.recall(DIRECT, 1, 99, digest), results[0]);
    const reopened = await fixture.reopen();
    assert.deepEqual(await reopened.message(DIRECT, 1), results[0]);
  });

  test('what is not there cannot be recalled', async () => {
    await using fixture = await open();
    await fixture.timeline.store([newMessage()], agree);
    assert.equal(await fixture.timeline.recall(DIRECT, 2, 1, digest), undefined);
    assert.equal(await fixture.timeline.recall(OTHER, 1, 1, digest), undefined);
  });

  test('those of the places that are recalled are found', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await fill(timeline, 5);
    await timeline.store([newMessage({ conversation_id: OTHER })], agree);
    for (const seq of [2, 4]) await timeline.recall(DIRECT, seq, 1, digest);
    const places = range(1, 6).map((seq) => ({ conversationId: DIRECT, seq }));
    const found = await timeline.recalledAmong([...places, { conversationId: OTHER, seq: 1 }]);
    assert.deepEqual(
      found.map(({ conversationId }) => conversationId),
      [DIRECT, DIRECT],
    );
    assert.deepEqual(found.map(({ seq }) => seq).sort(), [2, 4]);
    assert.deepEqual(await timeline.recalledAmong([]), []);
  });

  test('a recalled message id stays taken', async () => {
    await using fixture = await open();
    const message = newMessage();
    await fixture.timeline.store([message], agree);
    await fixture.timeline.recall(DIRECT, 1, 1, digest);
    await assert.rejects(fixture.timeline.store([message], agree), StoreConflict);
  });
}

async function fill(timeline: Timeline, count: number): Promise<void> {
  await timeline.store(
    range(1, count).map(() => newMessage()),
    agree,
  );
}

async function everything(timeline: Timeline): Promise<MessagePage> {
  const page = await timeline.page({
    conversationId: DIRECT,
    from: { afterSeq: 0 },
    hiddenThrough: 0,
    limit: 1000,
  });
  assert.equal(page.hasMore, false);
  return page;
}

async function read(
  timeline: Timeline,
  from: { afterSeq: number } | { beforeSeq: number },
  limit: number,
  hiddenThrough = 0,
): Promise<{ seqs: number[]; hasMore: boolean; headSeq: number }> {
  const page = await timeline.page({ conversationId: DIRECT, from, hiddenThrough, limit });
  return { seqs: seqsOf(page), hasMore: page.hasMore, headSeq: page.headSeq };
}

function seqsOf(page: { messages: StoredMessage[] }): number[] {
  return page.messages.map(({ seq }) => seq);
}

function digest(message: StoredMessage): string {
  return `digest of ${message.content}`;
}
