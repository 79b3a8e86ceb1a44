import type { Group, GroupMember, GroupStore } from '../../ports/groups.ts';
import type { MysqlDatabase } from './mysql-database.ts';
import { isDuplicate } from './mysql-errors.ts';
import { addMembers, applyStep, dissolvedState, type NewMember, stateOf } from './mysql-group-change.ts';
import { GROUP_SQL } from './mysql-group-sql.ts';
import { foundInChunks } from './mysql-rows.ts';

export function createMysqlGroups(db: MysqlDatabase, now: () => number): GroupStore {
  return {
    async createGroup({ group_id, name, owner_id, history, created_at }, memberIds) {
      const userIds = [...new Set([owner_id, ...memberIds])].sort();
      const members = userIds.map(
        (user_id): NewMember => ({ user_id, role: user_id === owner_id ? 'owner' : 'member' }),
      );
      try {
        await db.transaction(async (tx) => {
          await tx.run(GROUP_SQL.create, [[group_id, name, owner_id, history, members.length, created_at]]);
          await tx.run(GROUP_SQL.createConversation, [group_id, created_at, now()]);
          await addMembers(tx, group_id, members, created_at, 0);
        });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    },

    async group(groupId) {
      const [group] = await db.rows<Group>(GROUP_SQL.group, [groupId]);
      return group;
    },

    async member(groupId, userId) {
      const [member] = await db.rows<GroupMember>(GROUP_SQL.membersAmong, [[[groupId, userId]]]);
      return member;
    },

    async membersAmong(pairs) {
      const keys = pairs.map(({ group_id, user_id }) => [group_id, user_id]);
      return foundInChunks(keys, (chunk) => db.rows<GroupMember>(GROUP_SQL.membersAmong, [chunk]));
    },

    async groupsOf(userId) {
      return db.rows<GroupMember>(GROUP_SQL.groupsOf, [userId]);
    },

    async members(groupId, afterUserId, limit) {
      return db.rows<GroupMember>(GROUP_SQL.members, [groupId, afterUserId ?? '', limit]);
    },

    async changeGroup(groupId, userIds, decide) {
      return db.transaction(async (tx) => {
        const before = await stateOf(tx, groupId, userIds);
        if (!before) return undefined;
        const { steps, result } = decide(before);
        for (const step of steps) await applyStep(tx, before, step, now());
        const state = (await stateOf(tx, groupId, userIds)) ?? dissolvedState(before);
        return { state, result };
      });
    },
  };
}
