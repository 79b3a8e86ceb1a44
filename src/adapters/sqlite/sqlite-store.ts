import { StoreConflict } from '../../ports/errors.ts';
import type { ClaimSeqs, MessageStore, NewMessage, SeqClaim, StoredMessage } from '../../ports/messages.ts';
import { maySend } from '../../ports/standing.ts';
import { directMembers, isDirect } from '../../protocol/ids.ts';
import { getRow, isDuplicate, type SqliteDatabase } from './sqlite-database.ts';
import { headOf, type MessageStatements } from './sqlite-message-statements.ts';

/** Messages of one conversation in a batch, and the head that they follow. */
interface Run {
  conversationId: string;
  /** Undefined where a direct conversation begins. */
  lastSeq: number | undefined;
  messages: NewMessage[];
}

/** `store` of the timeline: one call at a time, so that nobody else stores while numbers are claimed. */
export function createSqliteStore(
  db: SqliteDatabase,
  sql: MessageStatements,
  now: () => number,
): MessageStore['store'] {
  let lastEnds: Promise<unknown> = Promise.resolve();

  async function storeNow(messages: NewMessage[], claim: ClaimSeqs): Promise<StoredMessage[]> {
    const runs = db.read(() => groupIntoRuns(sql, messages));
    await claim(runs.map(claimOf));
    try {
      return db.write(() => write(sql, messages, runs, now()));
    } catch (error) {
      if (isDuplicate(error)) throw new StoreConflict('a message id is stored already', { cause: error });
      throw error;
    }
  }

  return async (messages, claim) => {
    if (messages.length === 0) return [];
    const stored = lastEnds.then(() => storeNow(messages, claim));
    lastEnds = stored.catch(() => {});
    return stored;
  };
}

/** Throws where a conversation does not exist and is not one that begins by itself. */
function groupIntoRuns(sql: MessageStatements, messages: NewMessage[]): Run[] {
  const runs = new Map<string, Run>();
  for (const message of messages) {
    const conversationId = message.conversation_id;
    const run = runs.get(conversationId);
    if (run) {
      run.messages.push(message);
      continue;
    }
    const lastSeq = headOf(sql, conversationId);
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

function write(
  sql: MessageStatements,
  messages: NewMessage[],
  runs: Run[],
  createdAt: number,
): StoredMessage[] {
  const nextSeqs = new Map<string, number>();
  checkSenders(sql, messages);
  for (const run of runs) {
    moveHead(sql, run, createdAt);
    nextSeqs.set(run.conversationId, (run.lastSeq ?? 0) + 1);
  }
  const stored = messages.map((message) => {
    const seq = nextSeqs.get(message.conversation_id)!;
    nextSeqs.set(message.conversation_id, seq + 1);
    return insert(sql, message, seq, createdAt);
  });
  for (const own of newestOwn(stored)) sql.moveOwn.run(own.seq, own.sender_id, own.conversation_id);
  return stored;
}

/** Fails where somebody may not send to a group, which another worker may have found out already. */
function checkSenders(sql: MessageStatements, messages: NewMessage[]): void {
  for (const { conversation_id, sender_id, send_time } of messages) {
    if (isDirect(conversation_id)) continue;
    const member = getRow<{ muted_until: number | null }>(sql.standing, conversation_id, sender_id);
    if (!maySend(member, send_time))
      throw new StoreConflict(`${sender_id} may not send to ${conversation_id}`);
  }
}

/** Fails where the head is no longer what it was when the numbers were claimed: the group was dissolved meanwhile. */
function moveHead(sql: MessageStatements, run: Run, createdAt: number): void {
  const { conversationId, lastSeq, messages } = run;
  const lastTime = messages.at(-1)!.send_time;
  if (lastSeq === undefined) {
    sql.beginDirect.run(conversationId, messages.length, lastTime, createdAt);
    const members = new Set(directMembers(conversationId));
    for (const userId of members) sql.beginCursor.run(userId, conversationId);
    return;
  }
  const { changes } = sql.moveHead.run(lastSeq + messages.length, lastTime, conversationId, lastSeq);
  if (changes !== 1) throw new StoreConflict(`the head of ${conversationId} moved meanwhile`);
}

/** Names each field: a message that is handed in may carry more. */
function insert(sql: MessageStatements, message: NewMessage, seq: number, createdAt: number): StoredMessage {
  const { conversation_id, msg_id, sender_id, msg_type, content, send_time, client_time } = message;
  const place = [conversation_id, seq, msg_id, sender_id] as const;
  sql.insert.run(...place, msg_type, content, send_time, client_time, createdAt);
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

/** Of each sender in each conversation, the newest message. */
function newestOwn(stored: StoredMessage[]): Iterable<StoredMessage> {
  const newest = new Map<string, StoredMessage>();
  for (const message of stored) newest.set(`${message.sender_id} ${message.conversation_id}`, message);
  return newest.values();
}
