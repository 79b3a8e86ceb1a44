import type { SqliteDatabase } from './sqlite-database.ts';

export type GroupStatements = ReturnType<typeof prepareGroups>;

export function prepareGroups(db: SqliteDatabase) {
  const member = 'group_id, user_id, role, join_time, join_seq, muted_until';
  return {
    group: db.prepare(
      `SELECT group_id, name, owner_id, history, member_count, created_at FROM "group"
       WHERE group_id = ? AND dissolved_at IS NULL`,
    ),
    head: db.prepare('SELECT last_seq FROM conversation WHERE conversation_id = ?'),
    member: db.prepare(`SELECT ${member} FROM group_member WHERE group_id = ? AND user_id = ?`),
    firstOfRole: db.prepare(
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
