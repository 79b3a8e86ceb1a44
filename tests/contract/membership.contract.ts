import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { add, change, GROUP, group, member, newGroup, send } from './group-samples.ts';
import { range } from './samples.ts';
import { headOf, type OpenTimeline } from './timeline-fixture.ts';

/** How members join and leave in every store of groups, and how a group ends. `open` gives an empty timeline. */
export function membershipContract(name: string, open: OpenTimeline): void {
  describe(`membership contract: ${name}`, () => {
    joining(open);
    leaving(open);
    dissolving(open);
    locking(open);
  });
}

function joining(open: OpenTimeline): void {
  test('a member who is added has cursors at the head of that moment', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), []);
    await send(timeline, 3);
    await change(timeline, [add('bob', 50)]);
    assert.deepEqual(await timeline.member(GROUP, 'bob'), member('bob', { join_time: 50, join_seq: 3 }));
    const cursors = await timeline.memberCursors([GROUP], 100);
    assert.deepEqual(
      cursors.find(({ user_id }) => user_id === 'bob'),
      { user_id: 'bob', conversation_id: GROUP, join_seq: 3, ack_seq: 3, read_seq: 3, own_seq: 0 },
    );
    assert.equal((await timeline.group(GROUP))?.member_count, 2);
  });

  test('who joins again begins anew', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await change(timeline, [{ step: 'mute', user_id: 'bob', until: 5000 }]);
    await change(timeline, [{ step: 'remove', user_id: 'bob' }]);
    await send(timeline, 3);
    await change(timeline, [add('bob', 50)]);
    assert.deepEqual(await timeline.member(GROUP, 'bob'), member('bob', { join_time: 50, join_seq: 3 }));
    const [row] = await timeline.listConversations('bob', undefined, 10);
    assert.deepEqual([row?.cursor.join_seq, row?.cursor.read_seq], [3, 3]);
  });
}

function leaving(open: OpenTimeline): void {
  test('who is removed is no member and has no cursor', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob', 'cid']);
    const { state } = await change(timeline, [{ step: 'remove', user_id: 'bob' }]);
    assert.equal(state.group.member_count, 2);
    assert.equal(state.members.has('bob'), false);
    assert.equal(await timeline.member(GROUP, 'bob'), undefined);
    assert.deepEqual(await timeline.groupsOf('bob'), []);
    assert.deepEqual(
      (await timeline.members(GROUP, undefined, 10)).map(({ user_id }) => user_id),
      ['ann', 'cid'],
    );
    assert.equal((await timeline.memberCursors([GROUP], 100)).length, 2);
  });

  test('a group that is handed over has another owner', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await change(timeline, [
      { step: 'remove', user_id: 'ann' },
      { step: 'set_role', user_id: 'bob', role: 'owner' },
      { step: 'update', owner_id: 'bob' },
    ]);
    assert.deepEqual(await timeline.group(GROUP), group({ owner_id: 'bob', member_count: 1 }));
    assert.deepEqual(await timeline.members(GROUP, undefined, 10), [member('bob', { role: 'owner' })]);
  });
}

function dissolving(open: OpenTimeline): void {
  test('a dissolved group is as if it never was, but for its id', async () => {
    await using fixture = await open();
    await fixture.timeline.createGroup(newGroup(), ['bob']);
    await send(fixture.timeline, 2);
    const changed = await change(fixture.timeline, [{ step: 'dissolve' }]);
    assert.equal(changed.state.members.size, 0);
    const timeline = await fixture.reopen();
    assert.equal(await timeline.group(GROUP), undefined);
    assert.equal(await timeline.member(GROUP, 'ann'), undefined);
    assert.deepEqual(await timeline.membersAmong([{ group_id: GROUP, user_id: 'ann' }]), []);
    assert.deepEqual(await timeline.members(GROUP, undefined, 10), []);
    assert.deepEqual(await timeline.groupsOf('ann'), []);
    assert.deepEqual(await timeline.memberCursors([GROUP], 100), []);
    assert.deepEqual(await timeline.listConversations('ann', undefined, 10), []);
    assert.equal(await timeline.changeGroup(GROUP, [], () => assert.fail('a rule was asked')), undefined);
    assert.equal(await headOf(timeline, GROUP), 0);
    assert.equal(await timeline.message(GROUP, 1), undefined);
    assert.equal(await timeline.recall(GROUP, 1, 1, () => 'digest'), undefined);
    const page = await timeline.page({
      conversationId: GROUP,
      from: { afterSeq: 0 },
      hiddenThrough: 0,
      limit: 10,
    });
    assert.deepEqual(page, { messages: [], hasMore: false, headSeq: 0 });
    assert.equal(await timeline.createGroup(newGroup(), []), false);
    assert.equal(await timeline.group(GROUP), undefined);
  });
}

function locking(open: OpenTimeline): void {
  test('rules that decide at the same time each see what the others did', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), []);
    const joined = await Promise.all(
      range(1, 20).map((i) =>
        timeline.changeGroup(GROUP, [], (state) =>
          state.group.member_count < 8
            ? { steps: [add(`user${i}`, i)], result: true }
            : { steps: [], result: false },
        ),
      ),
    );
    assert.equal(joined.filter((one) => one?.result).length, 7);
    assert.equal((await timeline.group(GROUP))?.member_count, 8);
    assert.equal((await timeline.members(GROUP, undefined, 100)).length, 8);
  });
}
