import type { StoredMessage } from '../../ports/messages.ts';
import { getRow, type SqliteDatabase } from './sqlite-database.ts';

/** The fields of `StoredMessage`. */
const MESSAGE_COLUMNS =
  'conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time, recalled_at, content_digest';

export type MessageStatements = ReturnType<typeof prepareMessages>;

export function prepareMessages(db: SqliteDatabase) {
  return {
    head: db.prepare('SELECT last_seq FROM conversation WHERE conversation_id = ?'),
    moveHead: db.prepare(
      'UPDATE conversation SET last_seq = ?, last_time = ? WHERE conversation_id = ? AND last_seq = ?',
    ),
    beginDirect: db.prepare(
      `INSERT INTO conversation (conversation_id, type, last_seq, last_time, created_at)
       VALUES (?, 'direct', ?, ?, ?)`,
    ),
    beginCursor: db.prepare(
      `INSERT INTO conversation_member (user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq)
       VALUES (?, ?, 0, 0, 0, 0)`,
    ),
    standing: db.prepare('SELECT muted_until FROM group_member WHERE group_id = ? AND user_id = ?'),
    moveOwn: db.prepare(
      'UPDATE conversation_member SET own_seq = ? WHERE user_id = ? AND conversation_id = ?',
    ),
    insert: db.prepare(
      `INSERT INTO timeline_message
         (conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    byMsgId: db.prepare(`SELECT ${MESSAGE_COLUMNS} FROM timeline_message WHERE sender_id = ? AND msg_id = ?`),
    message: db.prepare(
      `SELECT ${MESSAGE_COLUMNS} FROM timeline_message WHERE conversation_id = ? AND seq = ?`,
    ),
    after: db.prepare(
      `SELECT ${MESSAGE_COLUMNS} FROM timeline_message
       WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?`,
    ),
    before: db.prepare(
      `SELECT ${MESSAGE_COLUMNS} FROM timeline_message
       WHERE conversation_id = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
    ),
    recalled: db.prepare(
      'SELECT 1 FROM timeline_message WHERE conversation_id = ? AND seq = ? AND recalled_at IS NOT NULL',
    ),
    recall: db.prepare(
      `UPDATE timeline_message SET content = '', recalled_at = ?, content_digest = ?
       WHERE conversation_id = ? AND seq = ?`,
    ),
  };
}

/** Undefined where there is no such conversation. */
export function headOf(sql: MessageStatements, conversationId: string): number | undefined {
  return getRow<{ last_seq: number }>(sql.head, conversationId)?.last_seq;
}

export function messageAt(
  sql: MessageStatements,
  conversationId: string,
  seq: number,
): StoredMessage | undefined {
  return toStored(sql.message.get(conversationId, seq));
}

/** Field by field, because a copy of the row as a whole is a slow object: half of the time of reading a page. */
export function toStored(row: object): StoredMessage;
export function toStored(row: object | undefined): StoredMessage | undefined;
export function toStored(row: object | undefined): StoredMessage | undefined {
  if (!row) return undefined;
  const message = row as StoredMessage;
  return {
    conversation_id: message.conversation_id,
    seq: message.seq,
    msg_id: message.msg_id,
    sender_id: message.sender_id,
    msg_type: message.msg_type,
    content: message.content,
    send_time: message.send_time,
    client_time: message.client_time,
    recalled_at: message.recalled_at,
    content_digest: message.content_digest,
  };
}
