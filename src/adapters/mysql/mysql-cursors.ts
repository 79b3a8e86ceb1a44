import type { ConversationRow, CursorMove, CursorStore, MemberCursor } from '../../ports/cursors.ts';
import { directConversationId } from '../../protocol/ids.ts';
import { chunksOf } from '../chunks.ts';
import type { MysqlDatabase, Statements } from './mysql-database.ts';
import { isMessage, type MaybeMessage, MESSAGE_COLUMNS } from './mysql-message-sql.ts';
import { foundInChunks, KEYS_MAX, valuesTable } from './mysql-rows.ts';

/** The fields of `MemberCursor`, of the table `m`. */
const CURSOR_COLUMNS = 'm.user_id, m.conversation_id, m.join_seq, m.ack_seq, m.read_seq, m.own_seq';

type LockedCursor = MemberCursor & { last_seq: number };

/** In the order of the primary key, as everybody locks them. */
const LOCK_CURSORS = `SELECT ${CURSOR_COLUMNS}, c.last_seq
  FROM conversation_member AS m FORCE INDEX (PRIMARY)
  STRAIGHT_JOIN conversation AS c ON c.conversation_id = m.conversation_id
  WHERE (m.user_id, m.conversation_id) IN (?)
  ORDER BY m.user_id, m.conversation_id FOR UPDATE OF m`;

/** Joined in this order, so that members of a group that is too large are never read. */
const MEMBER_CURSORS = `SELECT ${CURSOR_COLUMNS} FROM conversation AS c
  LEFT JOIN \`group\` AS g FORCE INDEX (PRIMARY) ON g.group_id = c.conversation_id
  STRAIGHT_JOIN conversation_member AS m ON m.conversation_id = c.conversation_id
  WHERE c.conversation_id IN (?) AND (g.group_id IS NULL OR g.member_count <= ?)`;

/** Users by their groups, and conversations by their ids. */
const SHARING = `SELECT theirs.user_id AS id FROM group_member AS mine
  JOIN \`group\` AS g ON g.group_id = mine.group_id AND g.dissolved_at IS NULL
  JOIN group_member AS theirs ON theirs.group_id = mine.group_id
  WHERE mine.user_id = ? AND theirs.user_id IN (?)
  UNION SELECT conversation_id FROM conversation WHERE conversation_id IN (?)`;

/** A row of the list, with its last message where the member may see that. */
interface Listed {
  listed: MemberCursor &
    Pick<ConversationRow, 'type' | 'name' | 'last_time' | 'hiddenThrough'> & { last_seq: number };
  t: MaybeMessage;
}

const LIST = listSql('');
const LIST_AFTER = listSql('AND (c.last_time, c.conversation_id) < (?, ?)');

export function createMysqlCursors(db: MysqlDatabase): CursorStore {
  return {
    async advanceCursors(moves) {
      if (moves.length === 0) return [];
      return db.transaction((tx) => advance(tx, moves));
    },

    async memberCursors(conversationIds, membersMax) {
      return foundInChunks(conversationIds, (ids) =>
        db.rows<MemberCursor>(MEMBER_CURSORS, [ids, membersMax]),
      );
    },

    async listConversations(userId, after, limit) {
      const found = after
        ? await db.joined<Listed>(LIST_AFTER, [userId, after.lastTime, after.conversationId, limit])
        : await db.joined<Listed>(LIST, [userId, limit]);
      return found.map(toRow);
    },

    async sharingConversation(userId, others) {
      const byDirect = new Map(others.map((other) => [directConversationId(userId, other), other]));
      const found = await foundInChunks([...byDirect], (chunk) => {
        const [directs, users] = [chunk.map(([id]) => id), chunk.map(([, other]) => other)];
        return db.rows<{ id: string }>(SHARING, [userId, users, directs]);
      });
      return new Set(found.map(({ id }) => byDirect.get(id) ?? id));
    },
  };
}

async function advance(tx: Statements, moves: CursorMove[]): Promise<MemberCursor[]> {
  const byKey = new Map(moves.map((move) => [keyOf(move), move]));
  const pairs = [...byKey]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, move]) => [move.user_id, move.conversation_id]);
  const moved: MemberCursor[] = [];
  for (const chunk of chunksOf(pairs, KEYS_MAX)) {
    for (const locked of await tx.rows<LockedCursor>(LOCK_CURSORS, [chunk])) {
      const ahead = advanced(locked, byKey.get(keyOf(locked))!);
      if (ahead) moved.push(ahead);
    }
  }
  for (const chunk of chunksOf(moved, KEYS_MAX)) {
    const table = valuesTable('v', 'user_id, conversation_id, ack_seq, read_seq', chunk.length);
    await tx.run(
      `UPDATE ${table} STRAIGHT_JOIN conversation_member AS m
         ON m.user_id = v.user_id AND m.conversation_id = v.conversation_id
       SET m.ack_seq = v.ack_seq, m.read_seq = v.read_seq`,
      chunk.map((cursor) => [cursor.user_id, cursor.conversation_id, cursor.ack_seq, cursor.read_seq]),
    );
  }
  return moved;
}

/** Undefined where the move is not ahead of what is kept. */
function advanced({ last_seq, ...cursor }: LockedCursor, move: CursorMove): MemberCursor | undefined {
  const ack_seq = Math.max(cursor.ack_seq, Math.min(move.ack_seq, last_seq));
  const read_seq = Math.max(cursor.read_seq, Math.min(move.read_seq, last_seq));
  if (ack_seq === cursor.ack_seq && read_seq === cursor.read_seq) return undefined;
  return { ...cursor, ack_seq, read_seq };
}

/** Ordered as the pairs are: a space comes before all that an id may hold. */
function keyOf({ user_id, conversation_id }: { user_id: string; conversation_id: string }): string {
  return `${user_id} ${conversation_id}`;
}

/** A direct conversation begins with a message, so what has a row belongs to the list. */
function listSql(andAfter: string): string {
  return `
    SELECT listed.*, ${MESSAGE_COLUMNS} FROM (
      SELECT ${CURSOR_COLUMNS}, c.type, c.last_seq, c.last_time, g.name,
             IF(g.history = 'joined', m.join_seq, 0) AS hiddenThrough
      FROM conversation_member AS m FORCE INDEX (PRIMARY)
      STRAIGHT_JOIN conversation AS c ON c.conversation_id = m.conversation_id
      LEFT JOIN \`group\` AS g FORCE INDEX (PRIMARY) ON g.group_id = m.conversation_id
      WHERE m.user_id = ? ${andAfter}
      ORDER BY c.last_time DESC, c.conversation_id DESC
      LIMIT ?
    ) AS listed
    LEFT JOIN timeline_message AS t ON t.conversation_id = listed.conversation_id
      AND t.seq = listed.last_seq AND listed.last_seq > listed.hiddenThrough
    ORDER BY listed.last_time DESC, listed.conversation_id DESC`;
}

function toRow({ listed, t }: Listed): ConversationRow {
  const { type, name, last_seq, last_time, hiddenThrough, ...cursor } = listed;
  return {
    conversation_id: cursor.conversation_id,
    type,
    name,
    head_seq: last_seq,
    last_time,
    cursor,
    hiddenThrough,
    lastMessage: isMessage(t) ? t : null,
  };
}
