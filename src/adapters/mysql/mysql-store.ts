import { StoreConflict } from '../../ports/errors.ts';
import type { GroupMember } from '../../ports/groups.ts';
import type { ClaimSeqs, MessageStore, NewMessage, StoredMessage } from '../../ports/messages.ts';
import { maySend } from '../../ports/standing.ts';
import { directMembers, isDirect } from '../../protocol/ids.ts';
import { chunksOf } from '../chunks.ts';
import type { MysqlDatabase, Statement, Statements, Transaction } from './mysql-database.ts';
import { isDuplicate } from './mysql-errors.ts';
import { GROUP_SQL } from './mysql-group-sql.ts';
import { foundInChunks, INSERT_ROWS_MAX, KEYS_MAX, REQUEST_CHARS_MAX, valuesTable } from './mysql-rows.ts';

/** Messages of one conversation in a batch. */
interface Run {
  conversationId: string;
  count: number;
  lastTime: number;
}

/** The heads of conversations that are locked. */
type Heads = Map<string, number>;

/** In the order of the primary key, as everybody locks them. The index is named so that no other rows are read, and locked. */
const LOCK_HEADS = `SELECT conversation_id, last_seq FROM conversation FORCE INDEX (PRIMARY)
  WHERE conversation_id IN (?) ORDER BY conversation_id FOR UPDATE`;

/** Locks a conversation that somebody else has begun meanwhile, and leaves it as it is. */
const BEGIN_DIRECT = `INSERT INTO conversation (conversation_id, type, last_seq, last_time, created_at) VALUES ?
  ON DUPLICATE KEY UPDATE last_seq = conversation.last_seq`;

const BEGIN_CURSORS = `INSERT INTO conversation_member
  (user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq) VALUES ?`;

const INSERT_MESSAGES = `INSERT INTO timeline_message
  (conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time, created_at) VALUES ?`;

/**
 * `store` of the timeline. Whoever stores into a conversation, or changes its group, locks its row first, so heads stand
 * still while numbers are claimed. Rows of each table are locked in the order of their keys, so that batches wait for
 * one another and seldom deadlock.
 */
export function createMysqlStore(db: MysqlDatabase, now: () => number): MessageStore['store'] {
  return async (messages, claim) => {
    if (messages.length === 0) return [];
    const runs = runsOf(messages);
    try {
      return await db.transaction((tx) => storeIn(tx, messages, runs, claim, now()));
    } catch (error) {
      if (isDuplicate(error)) throw new StoreConflict('a message id is stored already', { cause: error });
      throw error;
    }
  };
}

async function storeIn(
  tx: Transaction,
  messages: NewMessage[],
  runs: Run[],
  claim: ClaimSeqs,
  createdAt: number,
): Promise<StoredMessage[]> {
  const heads = await lockHeads(tx, runs, createdAt);
  await checkSenders(tx, messages);
  const claims = runs.map(({ conversationId, count }) => ({
    conversationId,
    lastSeq: heads.get(conversationId)!,
    count,
  }));
  const stored = numbered(messages, heads);
  const writes = [...inserts(stored, createdAt), ...headMoves(runs, heads), ...ownMoves(stored)];
  // What the sequencer agrees to are these numbers, so nobody need wait for it but the commit.
  await both(claim(claims), tx.runAll(writes));
  return stored;
}

/** Resolves when both have; where one fails, throws when the other has ended too: then nothing is under way any more. */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  await Promise.allSettled([one, other]);
  await Promise.all([one, other]);
}

/** In the order of the conversations' ids. */
function runsOf(messages: NewMessage[]): Run[] {
  const runs = new Map<string, Run>();
  for (const { conversation_id: conversationId, send_time } of messages) {
    const count = (runs.get(conversationId)?.count ?? 0) + 1;
    runs.set(conversationId, { conversationId, count, lastTime: send_time });
  }
  return [...runs.values()].sort((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
}

/** Begins the direct conversations that do not exist. Throws where a group does not. */
async function lockHeads(tx: Statements, runs: Run[], createdAt: number): Promise<Heads> {
  const ids = runs.map(({ conversationId }) => conversationId);
  const heads: Heads = new Map();
  await lockExisting(tx, ids, heads);
  const missing = ids.filter((id) => !heads.has(id));
  if (missing.length === 0) return heads;
  const never = missing.find((id) => !directMembers(id));
  if (never !== undefined) throw new StoreConflict(`there is no conversation ${never}`);
  for (const chunk of chunksOf(missing, INSERT_ROWS_MAX)) {
    await tx.run(BEGIN_DIRECT, [chunk.map((id) => [id, 'direct', 0, 0, createdAt])]);
  }
  await lockExisting(tx, missing, heads);
  await beginCursors(
    tx,
    missing.filter((id) => heads.get(id) === 0),
  );
  return heads;
}

/**
 * Throws where somebody may not send to a group, which another worker may have found out already. Groups change under
 * the lock that is held now.
 */
async function checkSenders(tx: Statements, messages: NewMessage[]): Promise<void> {
  const toGroups = messages.filter(({ conversation_id }) => !isDirect(conversation_id));
  if (toGroups.length === 0) return;
  const pairs = new Map(
    toGroups.map((message) => [senderKey(message), [message.conversation_id, message.sender_id]]),
  );
  const members = await foundInChunks([...pairs.values()], (chunk) =>
    tx.rows<GroupMember>(GROUP_SQL.membersAmong, [chunk]),
  );
  const byKey = new Map(members.map((member) => [`${member.group_id} ${member.user_id}`, member]));
  for (const message of toGroups) {
    if (maySend(byKey.get(senderKey(message)), message.send_time)) continue;
    throw new StoreConflict(`${message.sender_id} may not send to ${message.conversation_id}`);
  }
}

function senderKey({ conversation_id, sender_id }: NewMessage): string {
  return `${conversation_id} ${sender_id}`;
}

async function lockExisting(tx: Statements, ids: string[], heads: Heads): Promise<void> {
  for (const chunk of chunksOf(ids, KEYS_MAX)) {
    const found = await tx.rows<{ conversation_id: string; last_seq: number }>(LOCK_HEADS, [chunk]);
    for (const { conversation_id, last_seq } of found) heads.set(conversation_id, last_seq);
  }
}

/** For both members, or the one, of direct conversations that have no message yet. */
async function beginCursors(tx: Statements, conversationIds: string[]): Promise<void> {
  const cursors = conversationIds
    .flatMap((id) => [...new Set(directMembers(id))].map((userId) => [userId, id, 0, 0, 0, 0]))
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  for (const chunk of chunksOf(cursors, INSERT_ROWS_MAX)) await tx.run(BEGIN_CURSORS, [chunk]);
}

/** Names each field: a message that is handed in may carry more. */
function numbered(messages: NewMessage[], heads: Heads): StoredMessage[] {
  const lastSeqs = new Map(heads);
  return messages.map(({ conversation_id, msg_id, sender_id, msg_type, content, send_time, client_time }) => {
    const seq = lastSeqs.get(conversation_id)! + 1;
    lastSeqs.set(conversation_id, seq);
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
  });
}

function inserts(stored: StoredMessage[], createdAt: number): Statement[] {
  const charsOf = ({ content }: StoredMessage) => content.length;
  return [...chunksOf(stored, INSERT_ROWS_MAX, REQUEST_CHARS_MAX, charsOf)].map((chunk) => {
    const rows = chunk.map((message) => [
      message.conversation_id,
      message.seq,
      message.msg_id,
      message.sender_id,
      message.msg_type,
      message.content,
      message.send_time,
      message.client_time,
      createdAt,
    ]);
    return { sql: INSERT_MESSAGES, values: [rows] };
  });
}

function headMoves(runs: Run[], heads: Heads): Statement[] {
  return [...chunksOf(runs, INSERT_ROWS_MAX)].map((chunk) => {
    const table = valuesTable('v', 'conversation_id, last_seq, last_time', chunk.length);
    return {
      sql: `UPDATE ${table} STRAIGHT_JOIN conversation AS c ON c.conversation_id = v.conversation_id
       SET c.last_seq = v.last_seq, c.last_time = v.last_time`,
      values: chunk.map(({ conversationId, count, lastTime }) => [
        conversationId,
        heads.get(conversationId)! + count,
        lastTime,
      ]),
    };
  });
}

/** To each sender's newest message in each conversation; senders who are no members any more have no cursor. */
function ownMoves(stored: StoredMessage[]): Statement[] {
  const newest = new Map<string, StoredMessage>();
  for (const message of stored) newest.set(`${message.sender_id} ${message.conversation_id}`, message);
  const moves = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, message]) => message);
  return [...chunksOf(moves, INSERT_ROWS_MAX)].map((chunk) => {
    const table = valuesTable('v', 'user_id, conversation_id, own_seq', chunk.length);
    return {
      sql: `UPDATE ${table} STRAIGHT_JOIN conversation_member AS m
         ON m.user_id = v.user_id AND m.conversation_id = v.conversation_id
       SET m.own_seq = v.own_seq`,
      values: chunk.map(({ sender_id, conversation_id, seq }) => [sender_id, conversation_id, seq]),
    };
  });
}
