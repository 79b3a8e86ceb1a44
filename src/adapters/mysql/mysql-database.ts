import type { QueryOptions, QueryResult, ResultSetHeader } from 'mysql2/promise';
import { chunksOf } from '../chunks.ts';
import { isLostRace } from './mysql-errors.ts';
import { type LentConnection, type MysqlPoolOptions, openPool } from './mysql-pool.ts';
import { REQUEST_CHARS_MAX } from './mysql-rows.ts';

export type SqlValue = string | number | null | SqlValue[];

/** One that gives nothing back. */
export interface Statement {
  sql: string;
  values: SqlValue[];
}

/** Statements with values in place of `?`; a list stands for its members, a list of lists for rows in parentheses. */
export interface Statements {
  /** The columns are the fields of `T`. */
  rows<T>(sql: string, values?: SqlValue[]): Promise<T[]>;
  /** Each row as one object per table, under the table's alias; the fields of a table that has no row are null. */
  joined<T>(sql: string, values?: SqlValue[]): Promise<T[]>;
  /** How many rows an INSERT or DELETE changed, or an UPDATE found. */
  run(sql: string, values?: SqlValue[]): Promise<number>;
}

export interface Transaction extends Statements {
  /** Runs one after the other, in as few round trips as their length allows, and none after one that fails. */
  runAll(those: Statement[]): Promise<void>;
}

/** Each statement outside of a transaction is one by itself. */
export interface MysqlDatabase extends Statements {
  /**
   * Runs `work` in a transaction that is durable when this resolves; what `work` throws undoes it and is passed on. Where
   * another transaction was in the way, all of it runs again.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Runs of the same work when others are in its way, and the time after which none is begun any more. */
const ATTEMPTS_MAX = 10;
const ATTEMPTS_MS = 3000;

export function openMysql(options: MysqlPoolOptions): MysqlDatabase {
  const pool = openPool(options);
  const alone = (query: QueryOptions) => again(() => pool.lend((connection) => connection.query(query)));
  return {
    ...statements(alone),
    transaction: (work) => again(() => pool.lend((connection) => inTransaction(connection, work))),
    close: () => pool.close(),
  };
}

function statements(query: (options: QueryOptions) => Promise<QueryResult>): Statements {
  return {
    rows: async <T>(sql: string, values?: SqlValue[]) => (await query({ sql, values })) as T[],
    joined: async <T>(sql: string, values?: SqlValue[]) =>
      (await query({ sql, values, nestTables: true })) as T[],
    run: async (sql, values) => ((await query({ sql, values })) as ResultSetHeader).affectedRows,
  };
}

async function inTransaction<T>(
  connection: LentConnection,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  try {
    const result = await work(transactionOf(connection));
    await connection.query({ sql: 'COMMIT' });
    return result;
  } catch (error) {
    await connection.query({ sql: 'ROLLBACK' }).catch(() => connection.spoil());
    throw error;
  }
}

/** Begins with its first statement, in the same round trip. */
function transactionOf(connection: LentConnection): Transaction {
  let begun = false;

  async function query(options: QueryOptions): Promise<QueryResult> {
    if (begun) return connection.query(options);
    begun = true;
    const results = await connection.query({ ...options, sql: `START TRANSACTION; ${options.sql}` });
    return (results as unknown as QueryResult[])[1]!;
  }

  return {
    ...statements(query),
    async runAll(those) {
      const texts = those.map(({ sql, values }) => connection.format(sql, values));
      for (const chunk of chunksOf(texts, Infinity, REQUEST_CHARS_MAX, ({ length }) => length)) {
        // With null the driver does not look for `?` in what has its values.
        await query({ sql: chunk.join('; '), values: null });
      }
    },
  };
}

async function again<T>(work: () => Promise<T>): Promise<T> {
  const until = Date.now() + ATTEMPTS_MS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isLostRace(error) || attempt >= ATTEMPTS_MAX || Date.now() > until) throw error;
    }
  }
}
