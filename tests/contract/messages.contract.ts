import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreConflict } from '../../src/ports/errors.ts';
import type { MessagePage, NewMessage, SeqClaim, StoredMessage } from '../../src/ports/messages.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range, recordingClaim, stored } from './samples.ts';
import { headOf, type OpenTimeline } from './timeline-fixture.ts';
import { createGate, until } from './wait.ts';

const DIRECT = 'p2p:ann:bob';
const OTHER = 'p2p:ann:cid';
const GROUP = 'group_g';

/** What every store of messages does. `open` gives an empty timeline. */
export function messagesContract(name: string, open: OpenTimeline): void {
  describe(`messages contract: ${name}`, () => {
    storing(open);
    claiming(open);
    conflicting(open);
  });
}

function storing(open: OpenTimeline): void {
  test('messages get the numbers that follow, in the order given, apart for each conversation', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline);
    const ids = [DIRECT, OTHER, DIRECT, GROUP, GROUP, DIRECT];
    const messages = ids.map((conversation_id) => newMessage({ conversation_id }));
    const wanted = [1, 1, 2, 1, 2, 3].map((seq, i) => stored(messages[i]!, seq));
    assert.deepEqual(await timeline.store(messages, agree), wanted);
    const more = [newMessage({ conversation_id: OTHER }), newMessage()];
    assert.deepEqual(await timeline.store(more, agree), [stored(more[0]!, 2), stored(more[1]!, 4)]);
    for (const message of wanted) {
      assert.deepEqual(await timeline.message(message.conversation_id, message.seq), message);
    }
    assert.deepEqual(await Promise.all([DIRECT, OTHER, GROUP].map((id) => headOf(timeline, id))), [4, 2, 2]);
  });

  test('what was stored is there after the timeline was opened again', async () => {
    await using fixture = await open();
    await fixture.timeline.store([newMessage(), newMessage()], agree);
    const timeline = await fixture.reopen();
    const more = newMessage();
    assert.deepEqual(await timeline.store([more], agree), [stored(more, 3)]);
    assert.deepEqual(seqsOf(await everything(timeline)), [1, 2, 3]);
  });

  test('contents and ids are kept to the byte', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const contents = [
      'zoë',
      '\u{1f600}\u{1f468}\u200d\u{1f469}',
      'a\u0000b',
      ' ends ',
      'É',
      'E\u0301',
      '%_\\\'"`',
      "'; DROP TABLE timeline_message; -- ? ?? :a",
      "\\'; SELECT SLEEP(9) /* ? */; \\",
      'x'.repeat(16_384),
    ];
    const messages = contents.map((content) => newMessage({ content }));
    messages.push(newMessage({ msg_type: 2, content: 'https://host/a', client_time: 8_640_000_000_000_000 }));
    await timeline.store(messages, agree);
    const page = await everything(timeline);
    assert.deepEqual(
      page.messages,
      messages.map((message, i) => stored(message, i + 1)),
    );
    assert.deepEqual(sorted(await timeline.findStored(messages)), page.messages);
  });

  test('ids that differ in case, or at their end, are different', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const ids = ['id', 'ID', 'Id', 'id.', 'id-'];
    for (const msg_id of ids) await timeline.store([newMessage({ msg_id })], agree);
    for (const sender_id of ['Ann', 'ANN', 'ann.']) {
      await timeline.store(
        [newMessage({ msg_id: 'id', sender_id, conversation_id: `p2p:${sender_id}:zed` })],
        agree,
      );
    }
    assert.equal(await headOf(timeline, DIRECT), 5);
    assert.equal(await headOf(timeline, 'p2p:Ann:zed'), 1);
    assert.equal(await headOf(timeline, 'p2p:ann:BOB'), 0);
    assert.deepEqual(await timeline.findStored([{ sender_id: 'ann', msg_id: 'iD' }]), []);
  });

  test('those of the keys that are stored are found', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const messages = range(1, 300).map((i) => newMessage({ msg_id: `m${i}` }));
    await timeline.store(messages, agree);
    const keys = [...messages, { sender_id: 'ann', msg_id: 'absent' }, { sender_id: 'bob', msg_id: 'm1' }];
    assert.deepEqual(seqsOf({ messages: sorted(await timeline.findStored(keys)) }), range(1, 300));
    assert.deepEqual(await timeline.findStored([]), []);
  });

  test('a direct conversation begins with its first message, for both members', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    assert.deepEqual(await timeline.memberCursors([DIRECT], 100), []);
    await timeline.store([newMessage({ send_time: 5 }), newMessage({ send_time: 6 })], agree);
    assert.deepEqual(await ownSeqs(timeline, DIRECT), { ann: 2, bob: 0 });
    const [row] = await timeline.listConversations('bob', undefined, 10);
    assert.equal(row?.conversation_id, DIRECT);
    assert.equal(row?.last_time, 6);
    await timeline.store([newMessage({ sender_id: 'bob', send_time: 7 })], agree);
    assert.deepEqual(await ownSeqs(timeline, DIRECT), { ann: 2, bob: 3 });
    assert.equal((await timeline.listConversations('ann', undefined, 10))[0]?.last_time, 7);
  });

  test('a conversation with oneself has one member', async () => {
    await using fixture = await open();
    await fixture.timeline.store([newMessage({ conversation_id: 'p2p:ann:ann' })], agree);
    assert.deepEqual(await ownSeqs(fixture.timeline, 'p2p:ann:ann'), { ann: 1 });
  });

  test("in a group each sender's own cursor moves, and nobody else's", async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline);
    const senders = ['ann', 'bob', 'ann'];
    await timeline.store(
      senders.map((sender_id) => newMessage({ sender_id, conversation_id: GROUP })),
      agree,
    );
    assert.deepEqual(await ownSeqs(timeline, GROUP), { ann: 3, bob: 2, cid: 0 });
  });
}

function claiming(open: OpenTimeline): void {
  test('numbers are claimed after the head of each conversation', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const recording = recordingClaim();
    await timeline.store([newMessage(), newMessage()], recording.claim);
    assert.deepEqual(recording.last(), [{ conversationId: DIRECT, lastSeq: 0, count: 2 }]);
    await timeline.store([newMessage(), newMessage({ conversation_id: OTHER })], recording.claim);
    assert.deepEqual(recording.last(), [
      { conversationId: DIRECT, lastSeq: 2, count: 1 },
      { conversationId: OTHER, lastSeq: 0, count: 1 },
    ]);
  });

  test('where numbers cannot be claimed nothing is stored, and what was thrown is passed on', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    for (const error of [new StoreConflict('no numbers'), new Error('the sequencer broke')]) {
      const message = newMessage();
      const claim = async () => {
        throw error;
      };
      await assert.rejects(timeline.store([message, newMessage({ conversation_id: OTHER })], claim), error);
      assert.deepEqual(await timeline.findStored([message]), []);
      assert.deepEqual(await timeline.listConversations('ann', undefined, 10), []);
      assert.equal(await headOf(timeline, DIRECT), 0);
    }
    const message = newMessage();
    assert.deepEqual(await timeline.store([message], agree), [stored(message, 1)]);
  });

  test('while one claims numbers nobody else stores into the conversation', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.store([newMessage()], agree);
    const gate = createGate();
    const story: string[] = [];
    const claimAs = (who: string, wait?: Promise<void>) => async (claims: SeqClaim[]) => {
      story.push(`${who} claims after ${claims[0]!.lastSeq}`);
      await wait;
    };
    const first = timeline.store([newMessage(), newMessage()], claimAs('first', gate.opened));
    await until('the first claims', () => story.length > 0);
    const second = timeline.store([newMessage()], claimAs('second'));
    for (let i = 0; i < 10; i++) await timeline.ping();
    assert.equal(await headOf(timeline, DIRECT), 1);
    gate.open();
    await Promise.all([first, second]);
    assert.deepEqual(story, ['first claims after 1', 'second claims after 3']);
  });

  test('stores at the same time leave no gap, and keep each batch together', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const batches = range(1, 20).map((batch) =>
      range(1, 5).map((i) => newMessage({ content: `${batch}.${i}` })),
    );
    const results = await Promise.all(batches.map((batch) => timeline.store(batch, agree)));
    for (const result of results)
      assert.deepEqual(seqsOf({ messages: result }), range(result[0]!.seq, result[0]!.seq + 4));
    const { messages } = await everything(timeline);
    assert.deepEqual(seqsOf({ messages }), range(1, 100));
    assert.deepEqual(sorted(results.flat()), messages);
  });

  test('stores into overlapping conversations at the same time all succeed', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const orders = [
      [DIRECT, OTHER],
      [OTHER, DIRECT],
      [DIRECT, OTHER, 'p2p:bob:cid'],
      ['p2p:bob:cid', DIRECT],
    ];
    const batches = range(1, 5).flatMap(() =>
      orders.map((ids) => ids.map((conversation_id) => newMessage({ conversation_id }))),
    );
    await Promise.all(batches.map((batch) => timeline.store(batch, agree)));
    assert.deepEqual(seqsOf(await everything(timeline)), range(1, 20));
    assert.equal(await headOf(timeline, OTHER), 15);
  });
}

function conflicting(open: OpenTimeline): void {
  test('a message id that is stored already is a conflict, and nothing is stored', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const first = newMessage({ msg_id: 'taken', send_time: 5 });
    await timeline.store([first], agree);
    for (const conversation_id of [DIRECT, OTHER]) {
      const fresh = newMessage({ conversation_id: 'p2p:ann:zed', send_time: 6 });
      const batch = [newMessage({ send_time: 6 }), fresh, { ...first, conversation_id, content: 'another' }];
      await assert.rejects(timeline.store(batch, agree), StoreConflict);
      assert.deepEqual(await timeline.findStored(batch), [stored(first, 1)]);
      assert.equal(await headOf(timeline, 'p2p:ann:zed'), 0);
    }
    assert.deepEqual((await everything(timeline)).messages, [stored(first, 1)]);
    const rows = await timeline.listConversations('ann', undefined, 10);
    assert.deepEqual(
      rows.map((row) => [row.conversation_id, row.last_time, row.cursor.own_seq]),
      [[DIRECT, 5, 1]],
    );
  });

  test('the same message id twice in a batch is a conflict', async () => {
    await using fixture = await open();
    const message = newMessage();
    await assert.rejects(fixture.timeline.store([message, message], agree), StoreConflict);
    assert.equal(await headOf(fixture.timeline, DIRECT), 0);
  });

  test('of two who store the same message id at once, one has a conflict', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const batches: NewMessage[][] = range(1, 8).map(() => [newMessage(), newMessage({ msg_id: 'same' })]);
    const results = await Promise.allSettled(batches.map((batch) => timeline.store(batch, agree)));
    const failed = results.filter((result) => result.status === 'rejected');
    assert.equal(failed.length, 7);
    for (const { reason } of failed) assert.ok(reason instanceof StoreConflict);
    assert.deepEqual(seqsOf(await everything(timeline)), [1, 2]);
  });

  test('another sender may use the same message id', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const mine = newMessage({ msg_id: 'same' });
    const theirs = newMessage({ msg_id: 'same', sender_id: 'bob' });
    await timeline.store([mine, theirs], agree);
    assert.deepEqual(await timeline.findStored([theirs]), [stored(theirs, 2)]);
  });

  test('a group that does not exist, or was dissolved, is a conflict, and nothing is stored', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline);
    await timeline.changeGroup(GROUP, [], () => ({ steps: [{ step: 'dissolve' }], result: undefined }));
    for (const conversation_id of ['group_never', GROUP]) {
      const message = newMessage();
      await assert.rejects(timeline.store([message, newMessage({ conversation_id })], agree), StoreConflict);
      assert.deepEqual(await timeline.findStored([message]), []);
      assert.equal(await headOf(timeline, conversation_id), 0);
    }
  });

  test('a message of somebody who may not send to the group is a conflict, and nothing is stored', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline);
    await timeline.changeGroup(GROUP, ['bob', 'cid'], () => ({
      steps: [
        { step: 'remove', user_id: 'bob' },
        { step: 'mute', user_id: 'cid', until: 1000 },
      ],
      result: undefined,
    }));
    const say = (sender_id: string, send_time: number) =>
      newMessage({ conversation_id: GROUP, sender_id, send_time });
    for (const forbidden of [say('zed', 5000), say('bob', 5000), say('cid', 999)]) {
      const batch = [newMessage(), say('ann', 5000), forbidden];
      await assert.rejects(timeline.store(batch, agree), StoreConflict);
      assert.deepEqual(await timeline.findStored(batch), []);
    }
    assert.equal(await headOf(timeline, GROUP), 0);
    await timeline.store([say('ann', 999), say('cid', 1000)], agree);
    assert.equal(await headOf(timeline, GROUP), 2);
  });

  test('a group that is dissolved while numbers are claimed has the message as a whole or not at all', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline);
    const message = newMessage({ conversation_id: GROUP });
    let dissolving: Promise<unknown> | undefined;
    const storing = timeline.store([newMessage(), message], async () => {
      dissolving ??= timeline.changeGroup(GROUP, [], () => ({
        steps: [{ step: 'dissolve' }],
        result: undefined,
      }));
    });
    const [outcome] = await Promise.allSettled([storing]);
    await dissolving;
    if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof StoreConflict);
    assert.equal(await headOf(timeline, DIRECT), outcome.status === 'rejected' ? 0 : 1);
    assert.equal((await timeline.findStored([message])).length, outcome.status === 'rejected' ? 0 : 1);
    assert.equal(await headOf(timeline, GROUP), 0);
  });
}

async function makeGroup(timeline: Timeline): Promise<void> {
  const group = { group_id: GROUP, name: 'G', owner_id: 'ann', history: 'all', created_at: 1 } as const;
  assert.equal(await timeline.createGroup(group, ['bob', 'cid']), true);
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

async function ownSeqs(timeline: Timeline, conversationId: string): Promise<Record<string, number>> {
  const cursors = await timeline.memberCursors([conversationId], 100);
  return Object.fromEntries(cursors.map((cursor) => [cursor.user_id, cursor.own_seq]));
}

function seqsOf(page: { messages: StoredMessage[] }): number[] {
  return page.messages.map(({ seq }) => seq);
}

function sorted(messages: StoredMessage[]): StoredMessage[] {
  return [...messages].sort((a, b) => a.seq - b.seq);
}
