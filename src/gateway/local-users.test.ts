import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GroupMember, GroupStore } from '../ports/groups.ts';
import type { PushFeed } from '../ports/push-bus.ts';
import { LocalUsers } from './local-users.ts';
import type { Session } from './session.ts';

function memberOf(group_id: string, user_id: string): GroupMember {
  return { group_id, user_id, role: 'member', join_time: 0, join_seq: 0, muted_until: null };
}

function feedThat(joinGroup: (groupId: string) => Promise<void>) {
  const left: string[] = [];
  const feed: PushFeed = {
    joinGroup,
    leaveGroup: async (groupId) => void left.push(groupId),
    watch: async () => {},
    unwatch: async () => {},
    async [Symbol.asyncDispose]() {},
  };
  return { feed, left };
}

function session(userId: string, id: string): Session {
  return { userId, id } as Session;
}

const groupsOf = async (userId: string) => [memberOf('group_1', userId)];
const store = { groupsOf } as Partial<GroupStore> as GroupStore;

test('a group is heard from while somebody here is in it, and asked for once', async () => {
  const joined: string[] = [];
  const { feed, left } = feedThat(async (groupId) => void joined.push(groupId));
  const locals = new LocalUsers(store, feed, () => 0);
  const sessions = [session('ada', 's1'), session('ada', 's2'), session('bob', 's3')];
  await Promise.all(sessions.map((s) => locals.load(locals.add(s))));
  assert.deepEqual(joined, ['group_1']);
  assert.deepEqual(
    [...locals.usersOfGroup('group_1').keys()].map((user) => user.userId),
    ['ada', 'bob'],
  );
  await locals.remove(sessions[0]!);
  await locals.remove(sessions[2]!);
  assert.deepEqual(left, []);
  await locals.remove(sessions[1]!);
  assert.deepEqual(left, ['group_1']);
});

test('a change that arrives while the groups are being read counts, whatever the read says', async () => {
  const reading = Promise.withResolvers<GroupMember[]>();
  const { feed } = feedThat(async () => {});
  const locals = new LocalUsers({ ...store, groupsOf: () => reading.promise }, feed, () => 0);
  const user = locals.add(session('ada', 's1'));
  const loaded = locals.load(user);
  await locals.change(user, 'group_1', null);
  await locals.change(user, 'group_2', { muted_until: 7 });
  reading.resolve([memberOf('group_1', 'ada')]);
  await loaded;
  assert.deepEqual([...user.standings], [['group_2', { muted_until: 7 }]]);
});

test('a group that could not be joined is tried again by the next who needs it', async () => {
  let away = true;
  const { feed } = feedThat(async () => {
    if (away) throw new Error('away');
  });
  const locals = new LocalUsers(store, feed, () => 0);
  await assert.rejects(locals.load(locals.add(session('ada', 's1'))), /away/);
  away = false;
  await locals.load(locals.add(session('ada', 's2')));
});
