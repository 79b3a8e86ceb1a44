import type { Group, GroupMember, GroupState, GroupStep, GroupStore } from '../../ports/groups.ts';
import type { Role } from '../../protocol/packets.ts';
import { allRows, getRow, type SqliteDatabase } from './sqlite-database.ts';
import { type GroupStatements, prepareGroups } from './sqlite-group-statements.ts';

export function createSqliteGroups(db: SqliteDatabase, now: () => number): GroupStore {
  const sql = prepareGroups(db);

  return {
    async createGroup({ group_id, name, owner_id, history, created_at }, memberIds) {
      return db.write(() => {
        const userIds = new Set([owner_id, ...memberIds]);
        const { changes } = sql.create.run(group_id, name, owner_id, history, userIds.size, created_at);
        if (changes === 0) return false;
        sql.createConversation.run(group_id, created_at, now());
        for (const userId of userIds) {
          addMember(sql, group_id, userId, userId === owner_id ? 'owner' : 'member', created_at, 0);
        }
        return true;
      });
    },

    async group(groupId) {
      return db.read(() => getRow<Group>(sql.group, groupId));
    },

    async member(groupId, userId) {
      return db.read(() => getRow<GroupMember>(sql.member, groupId, userId));
    },

    async membersAmong(pairs) {
      return db.read(() =>
        pairs.flatMap((pair) => getRow<GroupMember>(sql.member, pair.group_id, pair.user_id) ?? []),
      );
    },

    async groupsOf(userId) {
      return db.read(() => allRows<GroupMember>(sql.groupsOf, userId));
    },

    async members(groupId, afterUserId, limit) {
      return db.read(() => allRows<GroupMember>(sql.members, groupId, afterUserId ?? '', limit));
    },

    async changeGroup(groupId, userIds, decide) {
      return db.write(() => {
        const before = stateOf(sql, groupId, userIds);
        if (!before) return undefined;
        const { steps, result } = decide(before);
        for (const step of steps) apply(sql, groupId, step, now());
        const state = stateOf(sql, groupId, userIds) ?? dissolved(before);
        return { state, result };
      });
    },
  };
}

function stateOf(sql: GroupStatements, groupId: string, userIds: string[]): GroupState | undefined {
  const group = getRow<Group>(sql.group, groupId);
  if (!group) return undefined;
  const members = userIds.flatMap((userId) => getRow<GroupMember>(sql.member, groupId, userId) ?? []);
  const first = (role: Role) => getRow<GroupMember>(sql.firstOfRole, groupId, role);
  return {
    group,
    members: new Map(members.map((member) => [member.user_id, member])),
    heir: first('admin') ?? first('member'),
    headSeq: headOf(sql, groupId),
  };
}

/** The state of a group that has just been dissolved: as it was, and nobody is a member any more. */
function dissolved({ group, headSeq }: GroupState): GroupState {
  return { group: { ...group, member_count: 0 }, members: new Map(), heir: undefined, headSeq };
}

function apply(sql: GroupStatements, groupId: string, step: GroupStep, time: number): void {
  switch (step.step) {
    case 'update':
      sql.update.run(step.name ?? null, step.history ?? null, step.owner_id ?? null, groupId);
      return;
    case 'add':
      addMember(sql, groupId, step.user_id, step.role, step.time, headOf(sql, groupId));
      sql.count.run(1, groupId);
      return;
    case 'set_role':
      sql.setRole.run(step.role, groupId, step.user_id);
      return;
    case 'mute':
      sql.mute.run(step.until, groupId, step.user_id);
      return;
    case 'remove': {
      const { changes } = sql.removeMember.run(groupId, step.user_id);
      sql.removeCursor.run(step.user_id, groupId);
      sql.count.run(-Number(changes), groupId);
      return;
    }
    case 'dissolve':
      sql.removeCursors.run(groupId);
      sql.removeMembers.run(groupId);
      sql.removeConversation.run(groupId);
      sql.dissolve.run(time, groupId);
  }
}

function addMember(
  sql: GroupStatements,
  groupId: string,
  userId: string,
  role: Role,
  time: number,
  headSeq: number,
): void {
  sql.addMember.run(groupId, userId, role, time, headSeq);
  sql.addCursor.run(userId, groupId, headSeq);
}

function headOf(sql: GroupStatements, groupId: string): number {
  return Number(sql.head.get(groupId)?.last_seq);
}
