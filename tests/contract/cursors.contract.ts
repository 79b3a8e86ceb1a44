import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ConversationRow, MemberCursor } from '../../src/ports/cursors.ts';
import type { History } from '../../src/ports/groups.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range, stored } from './samples.ts';
import type { OpenTimeline } from './timeline-fixture.ts';

const DIRECT = 'p2p:ann:bob';
const GROUP = 'group_g';

/** What every store of cursors does. `open` gives an empty timeline. */
export function cursorsContract(name: string, open: OpenTimeline): void {
  describe(`cursors contract: ${name}`, () => {
    advancing(open);
    readingCursors(open);
    listing(open);
    sharing(open);
  });
}

function advancing(open: OpenTimeline): void {
  test('cursors move forward, each by itself, and are returned as they are then', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, DIRECT, 10);
    assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, 4, 2)]), [
      cursor('bob', DIRECT, 4, 2),
    ]);
    assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, 0, 3)]), [
      cursor('bob', DIRECT, 4, 3),
    ]);
    assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, 9, 1)]), [
      cursor('bob', DIRECT, 9, 3),
    ]);
    assert.deepEqual(await cursorOf(timeline, 'bob', DIRECT), cursor('bob', DIRECT, 9, 3));
    assert.deepEqual(await cursorOf(timeline, 'ann', DIRECT), cursor('ann', DIRECT, 0, 0, { own_seq: 10 }));
  });

  test('a cursor that is not ahead of what is kept changes nothing and is not returned', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, DIRECT, 10);
    await timeline.advanceCursors([move('bob', DIRECT, 5, 5)]);
    for (const [ack, read] of [
      [5, 5],
      [4, 5],
      [5, 4],
      [0, 0],
    ] as const) {
      assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, ack, read)]), []);
    }
    assert.deepEqual(await cursorOf(timeline, 'bob', DIRECT), cursor('bob', DIRECT, 5, 5));
  });

  test('a cursor moves to the head at most', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, DIRECT, 3);
    assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, 99, 50)]), [
      cursor('bob', DIRECT, 3, 3),
    ]);
    assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, 100, 100)]), []);
    await send(timeline, DIRECT, 2);
    assert.deepEqual(await timeline.advanceCursors([move('bob', DIRECT, 99, 4)]), [
      cursor('bob', DIRECT, 5, 4),
    ]);
  });

  test('who is no member moves nothing', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, DIRECT, 3);
    await makeGroup(timeline, GROUP, ['bob']);
    const moves = [move('cid', DIRECT, 1, 1), move('ann', 'p2p:ann:zed', 1, 1), move('cid', GROUP, 1, 1)];
    assert.deepEqual(await timeline.advanceCursors(moves), []);
    assert.deepEqual(await timeline.memberCursors(['p2p:ann:zed'], 100), []);
    assert.equal((await timeline.memberCursors([DIRECT], 100)).length, 2);
  });

  test('many cursors move in one call', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const ids = range(1, 50).map((i) => `p2p:ann:user${i}`);
    for (const id of ids) await send(timeline, id, 2);
    const moves = ids.flatMap((id, i) => [move(`user${i + 1}`, id, 2, 1), move('ann', id, 0, 0)]);
    const moved = await timeline.advanceCursors(moves);
    assert.deepEqual(byKey(moved), byKey(ids.map((id, i) => cursor(`user${i + 1}`, id, 2, 1))));
    assert.deepEqual(await timeline.advanceCursors([]), []);
  });

  test('moves at the same time leave the furthest', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, DIRECT, 30);
    await Promise.all(
      range(1, 30).map((seq) => timeline.advanceCursors([move('bob', DIRECT, seq, 31 - seq)])),
    );
    const reopened = await fixture.reopen();
    assert.deepEqual(await cursorOf(reopened, 'bob', DIRECT), cursor('bob', DIRECT, 30, 30));
  });
}

function readingCursors(open: OpenTimeline): void {
  test('all members of several conversations are read at once', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, DIRECT, 1);
    await makeGroup(timeline, GROUP, ['bob', 'cid']);
    await send(timeline, GROUP, 2);
    const found = await timeline.memberCursors([DIRECT, GROUP, 'p2p:none:one'], 100);
    const wanted = [
      cursor('ann', DIRECT, 0, 0, { own_seq: 1 }),
      cursor('bob', DIRECT, 0, 0),
      cursor('ann', GROUP, 0, 0, { own_seq: 2 }),
      cursor('bob', GROUP, 0, 0),
      cursor('cid', GROUP, 0, 0),
    ];
    assert.deepEqual(byKey(found), byKey(wanted));
    assert.deepEqual(await timeline.memberCursors([], 100), []);
  });

  test('of a group with more members than wanted there are none', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline, 'group_three', ['bob', 'cid']);
    await makeGroup(timeline, 'group_four', ['bob', 'cid', 'dan']);
    const found = await timeline.memberCursors(['group_four', 'group_three'], 3);
    assert.deepEqual(
      found.map(({ conversation_id }) => conversation_id),
      range(1, 3).map(() => 'group_three'),
    );
  });
}

function listing(open: OpenTimeline): void {
  test('the list holds direct conversations with a message and all groups, newest activity first', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, 'p2p:ann:old', 1, 100);
    await makeGroup(timeline, 'group_quiet', ['ann'], { created_at: 300 });
    await send(timeline, DIRECT, 2, 400);
    await makeGroup(timeline, 'group_busy', ['ann', 'zed'], { created_at: 50 });
    await send(timeline, 'group_busy', 1, 200, 'zed');
    await makeGroup(timeline, 'group_others', ['bob'], { created_at: 999, owner_id: 'cid' });
    await send(timeline, 'p2p:bob:cid', 1, 999, 'bob');
    const rows = await timeline.listConversations('ann', undefined, 10);
    assert.deepEqual(
      rows.map((row) => [row.conversation_id, row.type, row.name, row.head_seq, row.last_time]),
      [
        [DIRECT, 'direct', null, 2, 400],
        ['group_quiet', 'group', 'group_quiet named', 0, 300],
        ['group_busy', 'group', 'group_busy named', 1, 200],
        ['p2p:ann:old', 'direct', null, 1, 100],
      ],
    );
    assert.deepEqual(await timeline.listConversations('nobody', undefined, 10), []);
  });

  test('a row has the last message and the cursor of the member who asks', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const messages = [newMessage({ send_time: 8 }), newMessage({ send_time: 9 })];
    await timeline.store(messages, agree);
    await timeline.advanceCursors([move('bob', DIRECT, 2, 1)]);
    const row = (own: MemberCursor): ConversationRow => ({
      conversation_id: DIRECT,
      type: 'direct',
      name: null,
      head_seq: 2,
      last_time: 9,
      cursor: own,
      hiddenThrough: 0,
      lastMessage: stored(messages[1]!, 2),
    });
    assert.deepEqual(await timeline.listConversations('bob', undefined, 10), [
      row(cursor('bob', DIRECT, 2, 1)),
    ]);
    const anns = cursor('ann', DIRECT, 0, 0, { own_seq: 2 });
    assert.deepEqual(await timeline.listConversations('ann', undefined, 10), [row(anns)]);
    await timeline.recall(DIRECT, 2, 77, () => 'digest');
    const [recalled] = await timeline.listConversations('ann', undefined, 10);
    assert.equal(recalled?.lastMessage?.recalled_at, 77);
    assert.equal(recalled?.lastMessage?.content, '');
  });

  test('a member of a group with history "joined" sees nothing that is older', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await makeGroup(timeline, 'group_joined', [], { history: 'joined', created_at: 1 });
    await makeGroup(timeline, 'group_all', [], { history: 'all', created_at: 2 });
    for (const id of ['group_joined', 'group_all']) {
      await send(timeline, id, 3, id === 'group_joined' ? 20 : 10);
      await join(timeline, id, 'bob');
    }
    const visible = async () =>
      (await timeline.listConversations('bob', undefined, 10)).map((row) => [
        row.conversation_id,
        row.hiddenThrough,
        row.lastMessage?.seq ?? null,
        row.cursor.join_seq,
      ]);
    assert.deepEqual(await visible(), [
      ['group_joined', 3, null, 3],
      ['group_all', 0, 3, 3],
    ]);
    await send(timeline, 'group_joined', 1, 30);
    assert.deepEqual(await visible(), [
      ['group_joined', 3, 4, 3],
      ['group_all', 0, 3, 3],
    ]);
    await timeline.changeGroup('group_joined', [], () => ({
      steps: [{ step: 'update', history: 'all' }],
      result: undefined,
    }));
    assert.deepEqual(await visible(), [
      ['group_joined', 0, 4, 3],
      ['group_all', 0, 3, 3],
    ]);
  });

  test('pages of the list follow one another, also among conversations of the same time', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const ids = range(1, 23).map((i) => `p2p:ann:user${i}`);
    for (const [i, id] of ids.entries()) await send(timeline, id, 1, 100 + Math.floor(i / 10));
    const whole = await timeline.listConversations('ann', undefined, 100);
    const wanted = ids
      .map((id, i) => [100 + Math.floor(i / 10), id] as const)
      .sort(([timeA, a], [timeB, b]) => timeB - timeA || (a < b ? 1 : -1));
    assert.deepEqual(
      whole.map((row) => [row.last_time, row.conversation_id]),
      wanted,
    );
    const paged: ConversationRow[] = [];
    for (;;) {
      const last = paged.at(-1);
      const after = last && { lastTime: last.last_time, conversationId: last.conversation_id };
      const page = await timeline.listConversations('ann', after, 4);
      if (page.length === 0) break;
      assert.ok(page.length <= 4);
      paged.push(...page);
    }
    assert.deepEqual(paged, whole);
  });

  test('a group that one left, or that was dissolved, is not in the list', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    for (const id of ['group_left', 'group_gone', 'group_kept']) await makeGroup(timeline, id, ['bob']);
    await timeline.changeGroup('group_left', [], () => ({
      steps: [{ step: 'remove', user_id: 'bob' }],
      result: undefined,
    }));
    await timeline.changeGroup('group_gone', [], () => ({
      steps: [{ step: 'dissolve' }],
      result: undefined,
    }));
    const idsOf = async (userId: string) =>
      (await timeline.listConversations(userId, undefined, 10)).map((row) => row.conversation_id);
    assert.deepEqual(await idsOf('bob'), ['group_kept']);
    assert.deepEqual(await idsOf('ann'), ['group_left', 'group_kept']);
  });
}

function sharing(open: OpenTimeline): void {
  test('people share a direct conversation that has a message, or a group', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await send(timeline, 'p2p:ann:wrote', 1);
    await send(timeline, 'p2p:aaa:ann', 1, 1, 'aaa');
    await makeGroup(timeline, GROUP, ['member', 'left']);
    await makeGroup(timeline, 'group_gone', ['dissolved']);
    await makeGroup(timeline, 'group_others', ['stranger'], { owner_id: 'wrote' });
    await timeline.changeGroup(GROUP, [], () => ({
      steps: [{ step: 'remove', user_id: 'left' }],
      result: 0,
    }));
    await timeline.changeGroup('group_gone', [], () => ({ steps: [{ step: 'dissolve' }], result: 0 }));
    const others = ['wrote', 'aaa', 'member', 'left', 'dissolved', 'stranger', 'never'];
    assert.deepEqual(await timeline.sharingConversation('ann', others), new Set(['wrote', 'aaa', 'member']));
    assert.deepEqual(await timeline.sharingConversation('ann', []), new Set());
    assert.deepEqual(await timeline.sharingConversation('never', ['ann']), new Set());
  });
}

function move(user_id: string, conversation_id: string, ack_seq: number, read_seq: number) {
  return { user_id, conversation_id, ack_seq, read_seq };
}

function cursor(
  user_id: string,
  conversation_id: string,
  ack_seq: number,
  read_seq: number,
  fields: Partial<MemberCursor> = {},
): MemberCursor {
  return { user_id, conversation_id, join_seq: 0, ack_seq, read_seq, own_seq: 0, ...fields };
}

async function cursorOf(timeline: Timeline, userId: string, conversationId: string) {
  return (await timeline.memberCursors([conversationId], 100)).find((found) => found.user_id === userId);
}

function byKey(cursors: MemberCursor[]): MemberCursor[] {
  const key = (one: MemberCursor) => `${one.conversation_id} ${one.user_id}`;
  return [...cursors].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function send(
  timeline: Timeline,
  conversation_id: string,
  count: number,
  send_time = 1,
  sender_id = 'ann',
): Promise<void> {
  const messages = range(1, count).map(() => newMessage({ conversation_id, sender_id, send_time }));
  await timeline.store(messages, agree);
}

async function makeGroup(
  timeline: Timeline,
  group_id: string,
  members: string[],
  fields: { history?: History; created_at?: number; owner_id?: string } = {},
): Promise<void> {
  const group = {
    group_id,
    name: `${group_id} named`,
    owner_id: 'ann',
    history: 'all',
    created_at: 1,
    ...fields,
  } as const;
  assert.equal(await timeline.createGroup(group, members), true);
}

async function join(timeline: Timeline, groupId: string, userId: string): Promise<void> {
  await timeline.changeGroup(groupId, [], () => ({
    steps: [{ step: 'add', user_id: userId, role: 'member', time: 5 }],
    result: undefined,
  }));
}
