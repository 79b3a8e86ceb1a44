import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupMember, GroupState } from '../ports/groups.ts';
import type { Role } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import { dissolveRule, muteRule, putMemberRule, type Rule, removeRule, updateRule } from './group-rules.ts';

const GROUP = 'group_1';

function member(user_id: string, role: Role): GroupMember {
  return { group_id: GROUP, user_id, role, join_time: 0, join_seq: 0, muted_until: null };
}

function stateOf(members: Record<string, Role>, heir?: string): GroupState {
  const list = Object.entries(members).map(([id, role]) => member(id, role));
  const owner_id = list.find((m) => m.role === 'owner')?.user_id ?? '';
  return {
    group: { group_id: GROUP, name: 'G', owner_id, history: 'all', member_count: list.length, created_at: 0 },
    members: new Map(list.map((m) => [m.user_id, m])),
    heir: heir === undefined ? undefined : list.find((m) => m.user_id === heir),
    headSeq: 0,
  };
}

const CREW = { olga: 'owner', ada: 'admin', abe: 'admin', mia: 'member', max: 'member' } as const;

function outcome(rule: Rule, state = stateOf(CREW)): string {
  try {
    return rule(state)
      .result.map((change) => `${change.change}:${change.user_id ?? ''}`)
      .join(' ');
  } catch (error) {
    assert(error instanceof Refusal);
    return error.error;
  }
}

test('who may change what, as a table', () => {
  const put = (by: string, user: string, role?: Role) => outcome(putMemberRule(by, user, role, 10, 0));
  const table: [string, string, string][] = [
    ['a member adds', put('mia', 'new'), 'joined:new'],
    ['an outsider does not', put('eve', 'new'), 'forbidden'],
    ['a member may not add an admin', put('mia', 'new', 'admin'), 'forbidden'],
    ['the owner may', put('olga', 'new', 'admin'), 'joined:new'],
    ['adding a member again changes nothing', put('mia', 'max'), ''],
    ['setting the role that somebody has changes nothing', put('mia', 'max', 'member'), ''],
    ['an admin sets no roles', put('ada', 'max', 'admin'), 'forbidden'],
    ['the owner sets roles', put('olga', 'max', 'admin'), 'role:max'],
    ['the owner hands over', put('olga', 'max', 'owner'), 'role:max role:olga'],
    ['the owner cannot just step down', put('olga', 'olga', 'member'), 'bad_packet'],
    ['admins rename', outcome(updateRule('ada', { name: 'H' })), 'updated:'],
    ['members do not', outcome(updateRule('mia', { name: 'H' })), 'forbidden'],
    ['the same name is no change', outcome(updateRule('ada', { name: 'G' })), ''],
    ['the owner dissolves', outcome(dissolveRule('olga')), 'dissolved:'],
    ['an admin does not', outcome(dissolveRule('ada')), 'forbidden'],
    ['an admin mutes a member', outcome(muteRule('ada', 'mia', 5)), 'muted:mia'],
    ['but no admin', outcome(muteRule('ada', 'abe', 5)), 'forbidden'],
    ['nobody mutes the owner', outcome(muteRule('olga', 'olga', 5)), 'forbidden'],
    ['the owner mutes an admin', outcome(muteRule('olga', 'ada', 5)), 'muted:ada'],
    ['muting an outsider', outcome(muteRule('olga', 'eve', 5)), 'not_found'],
    ['a member mutes nobody', outcome(muteRule('mia', 'max', 5)), 'forbidden'],
    ['an admin removes a member', outcome(removeRule('ada', 'mia')), 'removed:mia'],
    ['but no admin', outcome(removeRule('ada', 'abe')), 'forbidden'],
    ['the owner removes an admin', outcome(removeRule('olga', 'ada')), 'removed:ada'],
    ['a member removes nobody', outcome(removeRule('mia', 'max')), 'forbidden'],
    ['but leaves', outcome(removeRule('mia', 'mia')), 'left:mia'],
    ['removing an outsider', outcome(removeRule('olga', 'eve')), 'not_found'],
  ];
  for (const [what, seen, wanted] of table) assert.equal(seen, wanted, what);
});

test('handing over makes the former owner an admin and names the new owner', () => {
  const { steps } = putMemberRule('olga', 'max', 'owner', 10, 0)(stateOf(CREW));
  assert.deepEqual(steps, [
    { step: 'set_role', user_id: 'max', role: 'owner' },
    { step: 'set_role', user_id: 'olga', role: 'admin' },
    { step: 'update', owner_id: 'max' },
  ]);
});

test('when the owner leaves the heir follows; the last to leave dissolves', () => {
  assert.equal(outcome(removeRule('olga', 'olga'), stateOf(CREW, 'ada')), 'left:olga role:ada');
  assert.equal(outcome(removeRule('olga', 'olga'), stateOf({ olga: 'owner' })), 'left:olga dissolved:');
});

test('a full group takes nobody, and still knows its members', () => {
  assert.equal(outcome(putMemberRule('mia', 'new', undefined, 5, 0)), 'bad_packet');
  assert.equal(outcome(putMemberRule('mia', 'max', undefined, 5, 0)), '');
});
