/** The fields of `Group`, of the table `g`. */
const GROUP_COLUMNS = 'g.group_id, g.name, g.owner_id, g.history, g.member_count, g.created_at';

/** The fields of `GroupMember`. Rows of a dissolved group stay, which may be very many, and are seen no more. */
const MEMBERS = `SELECT m.group_id, m.user_id, m.role, m.join_time, m.join_seq, m.muted_until FROM group_member AS m
  STRAIGHT_JOIN \`group\` AS g FORCE INDEX (PRIMARY) ON g.group_id = m.group_id AND g.dissolved_at IS NULL`;

export const GROUP_SQL = {
  group: `SELECT ${GROUP_COLUMNS} FROM \`group\` AS g WHERE g.group_id = ? AND g.dissolved_at IS NULL`,

  /** Locks the conversation too, so that nobody stores into it, and its head stands still. */
  lock: `SELECT ${GROUP_COLUMNS}, c.last_seq FROM \`group\` AS g
    STRAIGHT_JOIN conversation AS c ON c.conversation_id = g.group_id WHERE g.group_id = ? FOR UPDATE`,

  membersAmong: `${MEMBERS} WHERE (m.group_id, m.user_id) IN (?)`,
  groupsOf: `${MEMBERS} WHERE m.user_id = ?`,
  members: `${MEMBERS} WHERE m.group_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?`,

  /** The first of a role. */
  first: `${MEMBERS} WHERE m.group_id = ? AND m.role = ? ORDER BY m.join_time, m.user_id LIMIT 1`,

  create: 'INSERT INTO `group` (group_id, name, owner_id, history, member_count, created_at) VALUES (?)',
  createConversation: `INSERT INTO conversation (conversation_id, type, last_seq, last_time, created_at)
    VALUES (?, 'group', 0, ?, ?)`,
  addMembers: 'INSERT INTO group_member (group_id, user_id, role, join_time, join_seq) VALUES ?',
  addCursors: `INSERT INTO conversation_member
    (user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq) VALUES ?`,

  update: `UPDATE \`group\` SET name = COALESCE(?, name), history = COALESCE(?, history),
    owner_id = COALESCE(?, owner_id) WHERE group_id = ?`,
  count: 'UPDATE `group` SET member_count = member_count + ? WHERE group_id = ?',
  setRole: 'UPDATE group_member SET role = ? WHERE group_id = ? AND user_id = ?',
  mute: 'UPDATE group_member SET muted_until = ? WHERE group_id = ? AND user_id = ?',
  removeMember: 'DELETE FROM group_member WHERE group_id = ? AND user_id = ?',
  removeCursor: 'DELETE FROM conversation_member WHERE user_id = ? AND conversation_id = ?',

  removeConversation: 'DELETE FROM conversation WHERE conversation_id = ?',
  dissolve: 'UPDATE `group` SET dissolved_at = ?, member_count = 0 WHERE group_id = ?',
} as const;
