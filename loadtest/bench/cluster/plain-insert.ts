import { createPool, type Pool } from 'mysql2/promise';
import { directConversationId } from '../../../src/protocol/ids.ts';
import { CONTENT } from '../chat-frames.ts';
import type { Load } from '../rates.ts';

const TABLE = 'plain_message';
/** Statements under way at once, so that the server never waits for the next one and syncs some of them together. */
export const CONNECTIONS = 4;
/** As many conversations as the workload has. */
const CONVERSATIONS = 100;

/** The columns of `timeline_message` that a new message has, in the order of a row. */
export function insertInto(table: string): string {
  return `INSERT INTO ${table}
  (conversation_id, seq, msg_id, sender_id, msg_type, content, send_time, client_time, created_at) VALUES ?`;
}

export type Row = (string | number | null)[];

/** The yardstick of storing: rows like those of `timeline_message`, of which nothing is asked but to be durable. */
export interface PlainInsert extends AsyncDisposable {
  /** Inserts that many rows a statement, each statement a transaction, over so many connections. */
  load(rowsPerInsert: number, connections?: number): Load;
}

export async function openPlainInsert(mysqlUrl: string): Promise<PlainInsert> {
  const pool = createPool({ uri: mysqlUrl, connectionLimit: CONNECTIONS });
  await pool.query(`CREATE TABLE ${TABLE} LIKE timeline_message`);
  let made = 0;
  const nextRow = () => rowOf(made++);
  return {
    load: (rowsPerInsert, connections = CONNECTIONS) =>
      insertLoad(pool, Math.max(1, Math.round(rowsPerInsert)), connections, nextRow),
    async [Symbol.asyncDispose]() {
      await pool.query(`DROP TABLE ${TABLE}`);
      await pool.end();
    },
  };
}

function insertLoad(pool: Pool, rowsPerInsert: number, connections: number, nextRow: () => Row): Load {
  const insert = insertInto(TABLE);
  let running = false;
  let stored = 0;
  let loops: Promise<void>[] = [];

  async function insertOn(): Promise<void> {
    while (running) {
      const rows = Array.from({ length: rowsPerInsert }, nextRow);
      await pool.query(insert, [rows]);
      stored += rows.length;
    }
  }

  return {
    pids: [process.pid],
    start() {
      running = true;
      loops = Array.from({ length: connections }, insertOn);
    },
    async stop() {
      running = false;
      await Promise.all(loops);
    },
    done: () => stored,
  };
}

/** The conversations take turns, as the pairs of the workload do. */
function rowOf(n: number): Row {
  const [pair, nth] = [n % CONVERSATIONS, Math.floor(n / CONVERSATIONS)];
  const sender = `from-${pair}`;
  const conversation = directConversationId(sender, `to-${pair}`);
  const now = Date.now();
  return [conversation, nth + 1, String(nth).padStart(10, '0'), sender, 1, CONTENT, now, null, now];
}
