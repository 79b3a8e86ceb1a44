import { StoreConflict } from '../../ports/errors.ts';
import type { ClaimSeqs, MessageStore, NewMessage, SeqClaim, StoredMessage } from '../../ports/messages.ts';
import { directMembers } from '../../protocol/ids.ts';
import { allRows, getRow, isDuplicate, type SqliteDatabase } from './sqlite-database.ts';
import { prepareMessages } from './sqlite-message-statements.ts';

/** Messages of one conversation in a batch, and the head that they follow. */
interface Run {
  conversationId: string;
  /** Undefined where a direct conversation begins. */
  lastSeq: number | undefined;
  messages: NewMessage[];
}

export function createSqliteMessages(db: SqliteDatabase, now: () => number): MessageStore {
  const sql = prepareMessages(db);
  /** Ends when the `store` before has ended: only one at a time, so that nobody else stores while one claims numbers. */
  let storing: Promise<unknown> = Promise.resolve();

  const headOf = (conversationId: string) => getRow<{ last_seq: number }>(sql.head, conversationId)?.last_seq;

  const find = (conversationId: string, seq: number) =>
    getRow<StoredMessage>(sql.message, conversationId, seq);

  async function storeNow(messages: NewMessage[], claim: ClaimSeqs): Promise<StoredMessage[]> {
    const runs = db.read(() => groupIntoRuns(messages, headOf));
    await claim(runs.map(claimOf));
    try {
      return db.write(() => write(messages, runs));
    } catch (error) {
      if (isDuplicate(error)) throw new StoreConflict('a message id is stored already', { cause: error });
      throw error;
    }
  }

  function write(messages: NewMessage[], runs: Run[]): StoredMessage[] {
    const createdAt = now();
    const nextSeqs = new Map<string, number>();
    for (const run of runs) {
      moveHead(run, createdAt);
      nextSeqs.set(run.conversationId, (run.lastSeq ?? 0) + 1);
    }
    const stored = messages.map((message) => {
      const seq = nextSeqs.get(message.conversation_id)!;
      nextSeqs.set(message.conversation_id, seq + 1);
      return insert(message, seq, createdAt);
    });
    for (const own of newestOwn(stored)) sql.moveOwn.run(own.seq, own.sender_id, own.conversation_id);
    return stored;
  }

  /** Fails where the head is no longer what it was when the numbers were claimed: the group was dissolved meanwhile. */
  function moveHead({ conversationId, lastSeq, messages }: Run, createdAt: number): void {
    const lastTime = messages.at(-1)!.send_time;
    if (lastSeq === undefined) {
      sql.beginDirect.run(conversationId, messages.length, lastTime, createdAt);
      for (const userId of new Set(directMembers(conversationId)))
        sql.beginCursor.run(userId, conversationId);
      return;
    }
    const { changes } = sql.moveHead.run(lastSeq + messages.length, lastTime, conversationId, lastSeq);
    if (changes !== 1) throw new StoreConflict(`the head of ${conversationId} moved meanwhile`);
  }

  function insert(message: NewMessage, seq: number, createdAt: number): StoredMessage {
    const { conversation_id, msg_id, sender_id, msg_type, content, send_time, client_time } = message;
    sql.insert.run(
      conversation_id,
      seq,
      msg_id,
      sender_id,
      msg_type,
      content,
      send_time,
      client_time,
      createdAt,
    );
    return {
      conversation_id,
      seq,
      msg_id,
      sender_id,
      msg_type,
      content,
      send_time,
      client_time,
      recalled_at: null,
      content_digest: null,
    };
  }

  return {
    async findStored(keys) {
      return db.read(() =>
        keys.flatMap((key) => getRow<StoredMessage>(sql.byMsgId, key.sender_id, key.msg_id) ?? []),
      );
    },

    async store(messages, claim) {
      if (messages.length === 0) return [];
      const stored = storing.then(() => storeNow(messages, claim));
      storing = stored.catch(() => {});
      return stored;
    },

    async page({ conversationId, from, hiddenThrough, limit }) {
      return db.read(() => {
        const headSeq = headOf(conversationId);
        if (headSeq === undefined) return { messages: [], hasMore: false, headSeq: 0 };
        const found =
          'afterSeq' in from
            ? allRows<StoredMessage>(
                sql.after,
                conversationId,
                Math.max(from.afterSeq, hiddenThrough),
                limit + 1,
              )
            : allRows<StoredMessage>(sql.before, conversationId, hiddenThrough, from.beforeSeq, limit + 1);
        const messages = found.slice(0, limit);
        if ('beforeSeq' in from) messages.reverse();
        return { messages, hasMore: found.length > limit, headSeq };
      });
    },

    async message(conversationId, seq) {
      return db.read(() => (headOf(conversationId) === undefined ? undefined : find(conversationId, seq)));
    },

    async recalledAmong(places) {
      return db.read(() => places.filter((place) => sql.recalled.get(place.conversationId, place.seq)));
    },

    async recall(conversationId, seq, time, digest) {
      return db.write(() => {
        if (headOf(conversationId) === undefined) return undefined;
        const message = find(conversationId, seq);
        if (!message || message.recalled_at !== null) return message;
        sql.recall.run(time, digest(message), conversationId, seq);
        return find(conversationId, seq);
      });
    },

    async headSeq(conversationId) {
      return db.read(() => headOf(conversationId) ?? 0);
    },
  };
}

/** Throws where a conversation does not exist and is not one that begins by itself. */
function groupIntoRuns(messages: NewMessage[], headOf: (id: string) => number | undefined): Run[] {
  const runs = new Map<string, Run>();
  for (const message of messages) {
    const conversationId = message.conversation_id;
    const run = runs.get(conversationId);
    if (run) {
      run.messages.push(message);
      continue;
    }
    const lastSeq = headOf(conversationId);
    if (lastSeq === undefined && !directMembers(conversationId)) {
      throw new StoreConflict(`there is no conversation ${conversationId}`);
    }
    runs.set(conversationId, { conversationId, lastSeq, messages: [message] });
  }
  return [...runs.values()];
}

function claimOf({ conversationId, lastSeq, messages }: Run): SeqClaim {
  return { conversationId, lastSeq: lastSeq ?? 0, count: messages.length };
}

/** Of each sender in each conversation, the newest message. */
function newestOwn(stored: StoredMessage[]): Iterable<StoredMessage> {
  const newest = new Map<string, StoredMessage>();
  for (const message of stored) newest.set(`${message.sender_id} ${message.conversation_id}`, message);
  return newest.values();
}
