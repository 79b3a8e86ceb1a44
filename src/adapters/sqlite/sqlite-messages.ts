import type { MessagePage, MessageStore, PageRequest, StoredMessage } from '../../ports/messages.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import {
  headOf,
  type MessageStatements,
  messageAt,
  prepareMessages,
  toStored,
} from './sqlite-message-statements.ts';
import { createSqliteStore } from './sqlite-store.ts';

export function createSqliteMessages(db: SqliteDatabase, now: () => number): MessageStore {
  const sql = prepareMessages(db);

  /** Messages of a dissolved group are there no more, although their rows are. */
  function find(conversationId: string, seq: number): StoredMessage | undefined {
    return headOf(sql, conversationId) === undefined ? undefined : messageAt(sql, conversationId, seq);
  }

  return {
    store: createSqliteStore(db, sql, now),

    async findStored(keys) {
      return db.read(() => keys.flatMap((key) => toStored(sql.byMsgId.get(key.sender_id, key.msg_id)) ?? []));
    },

    async page(request) {
      return db.read(() => readPage(sql, request));
    },

    async message(conversationId, seq) {
      return db.read(() => find(conversationId, seq));
    },

    async recalledAmong(places) {
      return db.read(() => places.filter((place) => sql.recalled.get(place.conversationId, place.seq)));
    },

    async recall(conversationId, seq, time, digest) {
      return db.write(() => {
        const message = find(conversationId, seq);
        if (!message || message.recalled_at !== null) return message;
        sql.recall.run(time, digest(message), conversationId, seq);
        return find(conversationId, seq);
      });
    },

    async headSeqs(conversationIds) {
      return db.read(() => {
        const heads = new Map<string, number>();
        for (const id of conversationIds) {
          const head = headOf(sql, id);
          if (head !== undefined) heads.set(id, head);
        }
        return heads;
      });
    },
  };
}

/** Reads one message more than the page holds, to tell whether there are more. */
function readPage(sql: MessageStatements, request: PageRequest): MessagePage {
  const { conversationId, from, hiddenThrough, limit } = request;
  const headSeq = headOf(sql, conversationId);
  if (headSeq === undefined) return { messages: [], hasMore: false, headSeq: 0 };
  if ('afterSeq' in from) {
    const after = Math.max(from.afterSeq, hiddenThrough);
    const found = sql.after.all(conversationId, after, limit + 1).map((row) => toStored(row));
    return { messages: found.slice(0, limit), hasMore: found.length > limit, headSeq };
  }
  const found = sql.before
    .all(conversationId, hiddenThrough, from.beforeSeq, limit + 1)
    .map((row) => toStored(row));
  return { messages: found.slice(0, limit).reverse(), hasMore: found.length > limit, headSeq };
}
