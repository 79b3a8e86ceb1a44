import type { Group, GroupMember, GroupState, GroupStep, GroupStore } from '../../ports/groups.ts';
import { allRows, getRow, type SqliteDatabase } from './sqlite-database.ts';

export function createSqliteGroups(db: SqliteDatabase, now: () => number): GroupStore {
  const sql = prepareGroups(db);

  const groupOf = (groupId: string) => getRow<Group>(sql.group, groupId);
  const memberOf = (groupId: string, userId: string) => getRow<GroupMember>(sql.member, groupId, userId);
  const headOf = (groupId: string) => Number(sql.head.get(groupId)?.last_seq);

  function stateOf(group: Group, userIds: string[]): GroupState {
    const groupId = group.group_id;
    const members = userIds.flatMap((userId) => memberOf(groupId, userId) ?? []);
    return {
      group,
      members: new Map(members.map((member) => [member.user_id, member])),
      heir:
        getRow<GroupMember>(sql.first, groupId, 'admin') ?? getRow<GroupMember>(sql.first, groupId, 'member'),
      headSeq: headOf(groupId),
    };
  }

  function addMember(groupId: string, userId: string, role: string, time: number, headSeq: number): void {
    sql.addMember.run(groupId, userId, role, time, headSeq);
    sql.addCursor.run(userId, groupId, headSeq);
  }

  function apply(groupId: string, step: GroupStep): void {
    switch (step.step) {
      case 'update':
        sql.update.run(step.name ?? null, step.history ?? null, step.owner_id ?? null, groupId);
        return;
      case 'add':
        addMember(groupId, step.user_id, step.role, step.time, headOf(groupId));
        sql.count.run(1, groupId);
        return;
      case 'set_role':
        sql.setRole.run(step.role, groupId, step.user_id);
        return;
      case 'mute':
        sql.mute.run(step.until, groupId, step.user_id);
        return;
      case 'remove':
        sql.removeCursor.run(step.user_id, groupId);
        sql.count.run(-Number(sql.removeMember.run(groupId, step.user_id).changes), groupId);
        return;
      case 'dissolve':
        sql.removeCursors.run(groupId);
        sql.removeMembers.run(groupId);
        sql.removeConversation.run(groupId);
        sql.dissolve.run(now(), groupId);
        return;
    }
  }

  return {
    async createGroup({ group_id, name, owner_id, history, created_at }, memberIds) {
      return db.write(() => {
        const userIds = new Set([owner_id, ...memberIds]);
        const { changes } = sql.create.run(group_id, name, owner_id, history, userIds.size, created_at);
        if (changes === 0) return false;
        sql.createConversation.run(group_id, created_at, now());
        for (const userId of userIds) {
          addMember(group_id, userId, userId === owner_id ? 'owner' : 'member', created_at, 0);
        }
        return true;
      });
    },

    async group(groupId) {
      return db.read(() => groupOf(groupId));
    },

    async member(groupId, userId) {
      return db.read(() => memberOf(groupId, userId));
    },

    async membersAmong(pairs) {
      return db.read(() => pairs.flatMap((pair) => memberOf(pair.group_id, pair.user_id) ?? []));
    },

    async groupsOf(userId) {
      return db.read(() => allRows<GroupMember>(sql.groupsOf, userId));
    },

    async members(groupId, afterUserId, limit) {
      return db.read(() => allRows<GroupMember>(sql.members, groupId, afterUserId ?? '', limit));
    },

    async changeGroup(groupId, userIds, decide) {
      return db.write(() => {
        const group = groupOf(groupId);
        if (!group) return undefined;
        const before = stateOf(group, userIds);
        const { steps, result } = decide(before);
        for (const step of steps) apply(groupId, step);
        const after = groupOf(groupId);
        const state = after ? stateOf(after, userIds) : dissolved(before);
        return { state, result };
      });
    },
  };
}

/** The state of a group that has just been dissolved: as it was, and nobody is a member any more. */
function dissolved({ group, headSeq }: GroupState): GroupState {
  return { group: { ...group, member_count: 0 }, members: new Map(), heir: undefined, headSeq };
}

function prepareGroups(db: SqliteDatabase) {
  const member = 'group_id, user_id, role, join_time, join_seq, muted_until';
  return {
    group: db.prepare(
      `SELECT group_id, name, owner_id, history, member_count, created_at FROM "group"
       WHERE group_id = ? AND dissolved_at IS NULL`,
    ),
    head: db.prepare('SELECT last_seq FROM conversation WHERE conversation_id = ?'),
    member: db.prepare(`SELECT ${member} FROM group_member WHERE group_id = ? AND user_id = ?`),
    first: db.prepare(
      `SELECT ${member} FROM group_member WHERE group_id = ? AND role = ? ORDER BY join_time, user_id LIMIT 1`,
    ),
    groupsOf: db.prepare(`SELECT ${member} FROM group_member WHERE user_id = ?`),
    members: db.prepare(
      `SELECT ${member} FROM group_member WHERE group_id = ? AND user_id > ? ORDER BY user_id LIMIT ?`,
    ),
    create: db.prepare(
      `INSERT INTO "group" (group_id, name, owner_id, history, member_count, created_at)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ),
    createConversation: db.prepare(
      `INSERT INTO conversation (conversation_id, type, last_seq, last_time, created_at)
       VALUES (?, 'group', 0, ?, ?)`,
    ),
    addMember: db.prepare(
      'INSERT INTO group_member (group_id, user_id, role, join_time, join_seq) VALUES (?, ?, ?, ?, ?)',
    ),
    addCursor: db.prepare(
      `INSERT INTO conversation_member (user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq)
       VALUES (?1, ?2, ?3, ?3, ?3, 0)`,
    ),
    update: db.prepare(
      `UPDATE "group" SET name = coalesce(?, name), history = coalesce(?, history), owner_id = coalesce(?, owner_id)
       WHERE group_id = ?`,
    ),
    count: db.prepare('UPDATE "group" SET member_count = member_count + ? WHERE group_id = ?'),
    setRole: db.prepare('UPDATE group_member SET role = ? WHERE group_id = ? AND user_id = ?'),
    mute: db.prepare('UPDATE group_member SET muted_until = ? WHERE group_id = ? AND user_id = ?'),
    removeCursor: db.prepare('DELETE FROM conversation_member WHERE user_id = ? AND conversation_id = ?'),
    removeMember: db.prepare('DELETE FROM group_member WHERE group_id = ? AND user_id = ?'),
    removeCursors: db.prepare('DELETE FROM conversation_member WHERE conversation_id = ?'),
    removeMembers: db.prepare('DELETE FROM group_member WHERE group_id = ?'),
    removeConversation: db.prepare('DELETE FROM conversation WHERE conversation_id = ?'),
    dissolve: db.prepare('UPDATE "group" SET dissolved_at = ?, member_count = 0 WHERE group_id = ?'),
  };
}
