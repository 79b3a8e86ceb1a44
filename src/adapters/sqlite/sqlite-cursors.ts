import type { ConversationRow, CursorStore, MemberCursor } from '../../ports/cursors.ts';
import { directConversationId } from '../../protocol/ids.ts';
import { allRows, getRow, type SqliteDatabase } from './sqlite-database.ts';
import { messageAt, prepareMessages } from './sqlite-message-statements.ts';

/** The fields of `MemberCursor`. */
const CURSOR_COLUMNS = 'user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq';

/** A row of the list before its last message is looked up. */
type ListedRow = MemberCursor &
  Pick<ConversationRow, 'type' | 'name' | 'last_time' | 'hiddenThrough'> & { last_seq: number };

export function createSqliteCursors(db: SqliteDatabase): CursorStore {
  const sql = prepareCursors(db);
  const messageSql = prepareMessages(db);

  function toRow(listed: ListedRow): ConversationRow {
    const { type, name, last_seq, last_time, hiddenThrough, ...cursor } = listed;
    const { conversation_id } = cursor;
    const visible = last_seq > hiddenThrough;
    const lastMessage = visible ? messageAt(messageSql, conversation_id, last_seq) : undefined;
    return {
      conversation_id,
      type,
      name,
      head_seq: last_seq,
      last_time,
      cursor,
      hiddenThrough,
      lastMessage: lastMessage ?? null,
    };
  }

  return {
    async advanceCursors(moves) {
      return db.write(() =>
        moves.flatMap(
          (move) =>
            getRow<MemberCursor>(
              sql.advance,
              move.ack_seq,
              move.read_seq,
              move.user_id,
              move.conversation_id,
            ) ?? [],
        ),
      );
    },

    async memberCursors(conversationIds, membersMax) {
      return db.read(() =>
        conversationIds.flatMap((id) => {
          const cursors = allRows<MemberCursor>(sql.ofConversation, id, membersMax + 1);
          return cursors.length > membersMax ? [] : cursors;
        }),
      );
    },

    async listConversations(userId, after, limit) {
      return db.read(() => {
        const rows = after
          ? allRows<ListedRow>(sql.listAfter, userId, after.lastTime, after.conversationId, limit)
          : allRows<ListedRow>(sql.list, userId, limit);
        return rows.map(toRow);
      });
    },

    async sharingConversation(userId, others) {
      return db.read(() => {
        const shares = (other: string) =>
          sql.exists.get(directConversationId(userId, other)) ?? sql.shareGroup.get(userId, other);
        return new Set(others.filter(shares));
      });
    },
  };
}

function prepareCursors(db: SqliteDatabase) {
  return {
    advance: db.prepare(
      `UPDATE conversation_member AS m
       SET ack_seq = max(m.ack_seq, min(?1, c.last_seq)), read_seq = max(m.read_seq, min(?2, c.last_seq))
       FROM conversation AS c
       WHERE m.user_id = ?3 AND m.conversation_id = ?4 AND c.conversation_id = ?4
         AND (m.ack_seq < min(?1, c.last_seq) OR m.read_seq < min(?2, c.last_seq))
       RETURNING ${CURSOR_COLUMNS}`,
    ),
    ofConversation: db.prepare(
      `SELECT ${CURSOR_COLUMNS} FROM conversation_member WHERE conversation_id = ? LIMIT ?`,
    ),
    list: db.prepare(listSql('')),
    listAfter: db.prepare(listSql('AND (c.last_time, c.conversation_id) < (?, ?)')),
    exists: db.prepare('SELECT 1 FROM conversation WHERE conversation_id = ?'),
    shareGroup: db.prepare(
      `SELECT 1 FROM group_member AS mine JOIN group_member AS theirs ON theirs.group_id = mine.group_id
       WHERE mine.user_id = ? AND theirs.user_id = ? LIMIT 1`,
    ),
  };
}

/** A direct conversation begins with a message, so what has a row belongs to the list. */
function listSql(andAfter: string): string {
  return `
    SELECT m.user_id, m.conversation_id, m.join_seq, m.ack_seq, m.read_seq, m.own_seq,
           c.type, c.last_seq, c.last_time, g.name,
           iif(g.history = 'joined', m.join_seq, 0) AS hiddenThrough
    FROM conversation_member AS m
    JOIN conversation AS c ON c.conversation_id = m.conversation_id
    LEFT JOIN "group" AS g ON g.group_id = m.conversation_id
    WHERE m.user_id = ? ${andAfter}
    ORDER BY c.last_time DESC, c.conversation_id DESC
    LIMIT ?`;
}
