import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GroupState, GroupStep } from '../../src/ports/groups.ts';
import { add, change, GROUP, group, member, newGroup, send } from './group-samples.ts';
import { range } from './samples.ts';
import { headOf, type OpenTimeline } from './timeline-fixture.ts';

/** What every store of groups does. `open` gives an empty timeline. */
export function groupsContract(name: string, open: OpenTimeline): void {
  describe(`groups contract: ${name}`, () => {
    creating(open);
    looking(open);
    changing(open);
  });
}

function creating(open: OpenTimeline): void {
  test('a new group has its owner and its members, whose cursors start at 0', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    assert.equal(await timeline.createGroup(newGroup(), ['bob', 'cid', 'bob']), true);
    assert.deepEqual(await timeline.group(GROUP), group({ member_count: 3 }));
    const wanted = [member('ann', { role: 'owner' }), member('bob'), member('cid')];
    assert.deepEqual(await timeline.members(GROUP, undefined, 10), wanted);
    const cursors = await timeline.memberCursors([GROUP], 100);
    assert.equal(cursors.length, 3);
    for (const { join_seq, ack_seq, read_seq, own_seq } of cursors) {
      assert.deepEqual([join_seq, ack_seq, read_seq, own_seq], [0, 0, 0, 0]);
    }
    assert.equal(await headOf(timeline, GROUP), 0);
  });

  test('the owner is a member once, named among the members or not', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['ann', 'bob']);
    await timeline.createGroup(newGroup({ group_id: 'group_alone' }), []);
    assert.equal((await timeline.group(GROUP))?.member_count, 2);
    assert.deepEqual(await timeline.members('group_alone', undefined, 10), [
      member('ann', { group_id: 'group_alone', role: 'owner' }),
    ]);
  });

  test('an id that is taken makes no group and changes none', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    assert.equal(await timeline.createGroup(newGroup({ name: 'Another', owner_id: 'cid' }), ['dan']), false);
    assert.deepEqual(await timeline.group(GROUP), group({ member_count: 2 }));
    assert.equal(await timeline.member(GROUP, 'cid'), undefined);
  });

  test('of those who make a group of one id at the same time, one succeeds', async () => {
    await using fixture = await open();
    const made = await Promise.all(
      range(1, 10).map((i) => fixture.timeline.createGroup(newGroup({ owner_id: `user${i}` }), [])),
    );
    assert.equal(made.filter((success) => success).length, 1);
    assert.equal((await fixture.timeline.members(GROUP, undefined, 10)).length, 1);
  });

  test('a group and its members are there after the timeline was opened again', async () => {
    await using fixture = await open();
    await fixture.timeline.createGroup(newGroup({ name: 'Zoë \u{1f600}' }), ['bob']);
    const timeline = await fixture.reopen();
    assert.deepEqual(await timeline.group(GROUP), group({ name: 'Zoë \u{1f600}', member_count: 2 }));
    assert.deepEqual(await timeline.member(GROUP, 'bob'), member('bob'));
  });
}

function looking(open: OpenTimeline): void {
  test('what is not there is not found', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), []);
    assert.equal(await timeline.group('group_none'), undefined);
    assert.equal(await timeline.member(GROUP, 'bob'), undefined);
    assert.equal(await timeline.member('group_none', 'ann'), undefined);
    assert.deepEqual(await timeline.members('group_none', undefined, 10), []);
    assert.deepEqual(await timeline.groupsOf('bob'), []);
  });

  test('those of the pairs that are members are found', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await timeline.createGroup(newGroup({ group_id: 'group_h' }), ['cid']);
    const pairs = [GROUP, 'group_h', 'group_none'].flatMap((group_id) =>
      ['ann', 'bob', 'cid'].map((user_id) => ({ group_id, user_id })),
    );
    const found = await timeline.membersAmong(pairs);
    assert.deepEqual(found.map((one) => `${one.group_id} ${one.user_id} ${one.role}`).sort(), [
      'group_g ann owner',
      'group_g bob member',
      'group_h ann owner',
      'group_h cid member',
    ]);
    assert.deepEqual(await timeline.membersAmong([]), []);
  });

  test('all groups of a user are found', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await timeline.createGroup(newGroup({ group_id: 'group_h', owner_id: 'bob' }), []);
    await timeline.createGroup(newGroup({ group_id: 'group_i' }), []);
    const found = await timeline.groupsOf('bob');
    assert.deepEqual(
      [...found].sort((a, b) => (a.group_id < b.group_id ? -1 : 1)),
      [member('bob'), member('bob', { group_id: 'group_h', role: 'owner' })],
    );
  });

  test('members come in pages, ordered by the bytes of their ids', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    const ids = ['Zed', 'a.b', 'a_b', 'a-b', 'ab', 'B', '0', ...range(1, 20).map((i) => `user${i}`)];
    await timeline.createGroup(newGroup(), ids);
    const seen: string[] = [];
    for (;;) {
      const page = await timeline.members(GROUP, seen.at(-1), 5);
      if (page.length === 0) break;
      assert.ok(page.length <= 5);
      seen.push(...page.map(({ user_id }) => user_id));
    }
    assert.deepEqual(seen, ['ann', ...ids].sort());
  });
}

function changing(open: OpenTimeline): void {
  test('a rule sees the group, those members who were asked for, the heir and the head', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob', 'cid']);
    await send(timeline, 4);
    let seen: GroupState | undefined;
    const changed = await timeline.changeGroup(GROUP, ['ann', 'cid', 'zed'], (state) => {
      seen = state;
      return { steps: [], result: 'decided' };
    });
    const wanted: GroupState = {
      group: group({ member_count: 3 }),
      members: new Map([
        ['ann', member('ann', { role: 'owner' })],
        ['cid', member('cid')],
      ]),
      heir: member('bob'),
      headSeq: 4,
    };
    assert.deepEqual(seen, wanted);
    assert.deepEqual(changed, { state: wanted, result: 'decided' });
  });

  test('the state after the steps is returned', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob', 'cid']);
    const changed = await change(timeline, [
      { step: 'update', name: 'Renamed', history: 'joined' },
      { step: 'set_role', user_id: 'bob', role: 'admin' },
      { step: 'mute', user_id: 'cid', until: 5000 },
      { step: 'add', user_id: 'dan', role: 'member', time: 9 },
    ]);
    const wanted: GroupState = {
      group: group({ name: 'Renamed', history: 'joined', member_count: 4 }),
      members: new Map([
        ['bob', member('bob', { role: 'admin' })],
        ['cid', member('cid', { muted_until: 5000 })],
        ['dan', member('dan', { join_time: 9 })],
      ]),
      heir: member('bob', { role: 'admin' }),
      headSeq: 0,
    };
    assert.deepEqual(changed.state, wanted);
    const timelineAgain = await fixture.reopen();
    assert.deepEqual(await timelineAgain.group(GROUP), wanted.group);
    for (const one of wanted.members.values()) {
      assert.deepEqual(await timelineAgain.member(GROUP, one.user_id), one);
    }
  });

  test('an update changes what it names', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await change(timeline, [{ step: 'update', name: 'Renamed' }]);
    assert.deepEqual(await timeline.group(GROUP), group({ name: 'Renamed', member_count: 2 }));
    await change(timeline, [{ step: 'update', history: 'joined' }]);
    assert.deepEqual(
      await timeline.group(GROUP),
      group({ name: 'Renamed', history: 'joined', member_count: 2 }),
    );
    await change(timeline, [{ step: 'update', owner_id: 'bob' }]);
    assert.equal((await timeline.group(GROUP))?.owner_id, 'bob');
  });

  test('a member is unmuted', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await change(timeline, [{ step: 'mute', user_id: 'bob', until: 5000 }]);
    assert.equal((await timeline.member(GROUP, 'bob'))?.muted_until, 5000);
    await change(timeline, [{ step: 'mute', user_id: 'bob', until: null }]);
    assert.deepEqual(await timeline.member(GROUP, 'bob'), member('bob'));
  });

  test('what a rule throws is passed on, and nothing is changed', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    const error = new Error('not allowed');
    await assert.rejects(
      timeline.changeGroup(GROUP, [], () => {
        throw error;
      }),
      error,
    );
    assert.deepEqual(await timeline.group(GROUP), group({ member_count: 2 }));
    await change(timeline, [{ step: 'update', name: 'Still usable' }]);
  });

  test('where one step cannot be applied none is', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), ['bob']);
    await assert.rejects(
      change(timeline, [
        { step: 'update', name: 'Renamed' },
        { step: 'remove', user_id: 'ann' },
        { step: 'add', user_id: 'bob', role: 'member', time: 9 },
      ]),
    );
    assert.deepEqual(await timeline.group(GROUP), group({ member_count: 2 }));
    assert.deepEqual(await timeline.member(GROUP, 'ann'), member('ann', { role: 'owner' }));
  });

  test('where there is no group no rule is asked', async () => {
    await using fixture = await open();
    const decide = () => assert.fail('a rule was asked');
    assert.equal(await fixture.timeline.changeGroup('group_none', ['ann'], decide), undefined);
  });

  test('the heir is the admin, else the member, who joined first', async () => {
    await using fixture = await open();
    const { timeline } = fixture;
    await timeline.createGroup(newGroup(), []);
    const heirAfter = async (...steps: GroupStep[]) => (await change(timeline, steps)).state.heir?.user_id;
    assert.equal(await heirAfter(), undefined);
    assert.equal(await heirAfter(add('late', 300), add('early', 100), add('middle', 200)), 'early');
    assert.equal(await heirAfter({ step: 'set_role', user_id: 'late', role: 'admin' }), 'late');
    assert.equal(await heirAfter({ step: 'set_role', user_id: 'middle', role: 'admin' }), 'middle');
    assert.equal(await heirAfter({ step: 'remove', user_id: 'middle' }), 'late');
    assert.equal(await heirAfter({ step: 'set_role', user_id: 'late', role: 'member' }), 'early');
  });
}
