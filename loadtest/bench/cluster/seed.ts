import { createPool } from 'mysql2/promise';
import { CONTENT } from '../chat-frames.ts';

/** Rows of one statement, and statements under way at once. */
const ROWS = 2000;
const CONNECTIONS = 4;

const CONVERSATION = 'conversation (conversation_id, type, last_seq, last_time, created_at)';
const CONVERSATION_MEMBER =
  'conversation_member (user_id, conversation_id, join_seq, ack_seq, read_seq, own_seq)';

type Row = (string | number | null)[];

/** A direct conversation that is to be there already. */
export interface Seeded {
  conversationId: string;
  /** `[a, b]`; the messages are a's. */
  members: [string, string];
  messages: number;
}

/** Writes conversations, their members and their messages as the workers would have, in bulk. */
export async function seed(mysqlUrl: string, conversations: Seeded[]): Promise<void> {
  const now = Date.now();
  await withInsert(mysqlUrl, async (insert) => {
    await insert(CONVERSATION, conversationRows(conversations, now));
    await insert(CONVERSATION_MEMBER, memberRows(conversations));
    await insert(
      'timeline_message (conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time, created_at)',
      messageRows(conversations, now),
    );
  });
}

/** Writes a group without messages, whose first member owns it. */
export async function seedGroup(mysqlUrl: string, groupId: string, members: string[]): Promise<void> {
  const now = Date.now();
  await withInsert(mysqlUrl, async (insert) => {
    await insert(CONVERSATION, [[groupId, 'group', 0, now, now]]);
    await insert('`group` (group_id, name, owner_id, history, member_count, created_at)', [
      [groupId, 'Big', members[0]!, 'all', members.length, now],
    ]);
    await insert(
      'group_member (group_id, user_id, role, join_time, join_seq)',
      members.map((member, i) => [groupId, member, i === 0 ? 'owner' : 'member', now, 0]),
    );
    await insert(
      CONVERSATION_MEMBER,
      members.map((member) => [member, groupId, 0, 0, 0, 0]),
    );
  });
}

type Insert = (into: string, rows: Iterable<Row>) => Promise<void>;

async function withInsert(mysqlUrl: string, work: (insert: Insert) => Promise<void>): Promise<void> {
  const pool = createPool({ uri: mysqlUrl, connectionLimit: CONNECTIONS });
  try {
    await work((into, rows) => inBulk(rows, (some) => pool.query(`INSERT INTO ${into} VALUES ?`, [some])));
  } finally {
    await pool.end();
  }
}

function* conversationRows(conversations: Seeded[], now: number): Generator<Row> {
  for (const { conversationId, messages } of conversations)
    yield [conversationId, 'direct', messages, now, now];
}

function* memberRows(conversations: Seeded[]): Generator<Row> {
  for (const { conversationId, members, messages } of conversations) {
    yield [members[0], conversationId, 0, 0, 0, messages];
    yield [members[1], conversationId, 0, 0, 0, 0];
  }
}

function* messageRows(conversations: Seeded[], now: number): Generator<Row> {
  for (const { conversationId, members, messages } of conversations) {
    for (let seq = 1; seq <= messages; seq++) {
      yield [
        conversationId,
        seq,
        `seed.${conversationId}.${seq}`.slice(-64),
        members[0],
        1,
        CONTENT,
        now,
        null,
        now,
      ];
    }
  }
}

async function inBulk(rows: Iterable<Row>, insert: (rows: Row[]) => Promise<unknown>): Promise<void> {
  const waiting = rows[Symbol.iterator]();
  const work = async () => {
    for (let some = next(waiting); some.length > 0; some = next(waiting)) await insert(some);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

function next(rows: Iterator<Row>): Row[] {
  const some: Row[] = [];
  while (some.length < ROWS) {
    const { value, done } = rows.next();
    if (done) break;
    some.push(value);
  }
  return some;
}
