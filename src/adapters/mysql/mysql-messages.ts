import type { MessagePage, MessageStore, PageRequest, StoredMessage } from '../../ports/messages.ts';
import type { MysqlDatabase, Statements } from './mysql-database.ts';
import { isMessage, type MaybeMessage, MESSAGE_COLUMNS } from './mysql-message-sql.ts';
import { foundInChunks } from './mysql-rows.ts';
import { createMysqlStore } from './mysql-store.ts';

/** Messages of a dissolved group are there no more, although their rows are: only a conversation that exists has any. */
const MESSAGE = `SELECT ${MESSAGE_COLUMNS} FROM timeline_message AS t
  JOIN conversation AS c ON c.conversation_id = t.conversation_id
  WHERE t.conversation_id = ? AND t.seq = ?`;

/** The index is named so that wrong statistics cannot make the server read the whole table. */
const BY_MSG_ID = `SELECT ${MESSAGE_COLUMNS} FROM timeline_message AS t FORCE INDEX (sender_message)
  WHERE (t.sender_id, t.msg_id) IN (?)`;

const RECALLED = `SELECT t.conversation_id AS conversationId, t.seq FROM timeline_message AS t FORCE INDEX (PRIMARY)
  WHERE (t.conversation_id, t.seq) IN (?) AND t.recalled_at IS NOT NULL`;

const RECALL = `UPDATE timeline_message SET content = '', recalled_at = ?, content_digest = ?
  WHERE conversation_id = ? AND seq = ?`;

/** One for each message, or one without a message where there is none. */
interface PageRow {
  c: { last_seq: number };
  t: MaybeMessage;
}

const PAGE_FORWARD = pageSql('t.seq > ?', 'ASC');
const PAGE_BACKWARD = pageSql('t.seq > ? AND t.seq < ?', 'DESC');

const HEADS = 'SELECT conversation_id, last_seq FROM conversation WHERE conversation_id IN (?)';

export function createMysqlMessages(db: MysqlDatabase, now: () => number): MessageStore {
  return {
    store: createMysqlStore(db, now),

    async findStored(keys) {
      const pairs = keys.map(({ sender_id, msg_id }) => [sender_id, msg_id]);
      return foundInChunks(pairs, (chunk) => db.rows<StoredMessage>(BY_MSG_ID, [chunk]));
    },

    async page(request) {
      return readPage(db, request);
    },

    async message(conversationId, seq) {
      const [message] = await db.rows<StoredMessage>(MESSAGE, [conversationId, seq]);
      return message;
    },

    async recalledAmong(places) {
      const pairs = places.map(({ conversationId, seq }) => [conversationId, seq]);
      return foundInChunks(pairs, (chunk) => db.rows(RECALLED, [chunk]));
    },

    async recall(conversationId, seq, time, digest) {
      return db.transaction(async (tx) => {
        const [message] = await tx.rows<StoredMessage>(`${MESSAGE} FOR UPDATE OF t`, [conversationId, seq]);
        if (!message || message.recalled_at !== null) return message;
        const content_digest = digest(message);
        await tx.run(RECALL, [time, content_digest, conversationId, seq]);
        return { ...message, content: '', recalled_at: time, content_digest };
      });
    },

    async headSeqs(conversationIds) {
      if (conversationIds.length === 0) return new Map();
      const rows = await db.rows<{ conversation_id: string; last_seq: number }>(HEADS, [conversationIds]);
      return new Map(rows.map((row) => [row.conversation_id, row.last_seq]));
    },
  };
}

/** Reads one message more than the page holds, to tell whether there are more; and the head in the same statement. */
async function readPage(db: Statements, request: PageRequest): Promise<MessagePage> {
  const { conversationId, from, hiddenThrough, limit } = request;
  const forward = 'afterSeq' in from;
  const found = forward
    ? await db.joined<PageRow>(PAGE_FORWARD, [
        conversationId,
        Math.max(from.afterSeq, hiddenThrough),
        limit + 1,
        conversationId,
      ])
    : await db.joined<PageRow>(PAGE_BACKWARD, [
        conversationId,
        hiddenThrough,
        from.beforeSeq,
        limit + 1,
        conversationId,
      ]);
  const messages = found.map(({ t }) => t).filter(isMessage);
  const page = messages.slice(0, limit);
  return {
    messages: forward ? page : page.reverse(),
    hasMore: messages.length > limit,
    headSeq: found[0]?.c.last_seq ?? 0,
  };
}

/** The messages are limited before they are joined; else the server would sort all that follow. */
function pageSql(bounds: string, order: 'ASC' | 'DESC'): string {
  return `SELECT c.last_seq, t.* FROM conversation AS c
    LEFT JOIN (
      SELECT ${MESSAGE_COLUMNS} FROM timeline_message AS t
      WHERE t.conversation_id = ? AND ${bounds} ORDER BY t.seq ${order} LIMIT ?
    ) AS t ON TRUE
    WHERE c.conversation_id = ? ORDER BY t.seq ${order}`;
}
