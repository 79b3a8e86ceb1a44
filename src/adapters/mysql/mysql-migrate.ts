import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { isNoSuchTable, toPortError, unavailable } from './mysql-errors.ts';
import { SCHEMA_STEPS } from './mysql-schema.ts';
import { parseMysqlUrl } from './mysql-url.ts';

/** How long one migration waits for another to end. */
const OTHER_MIGRATION_SECONDS = 60;

/** How long a change of a table waits for transactions that use it; those that come later wait behind it. */
const TABLE_LOCK_SECONDS = 10;

/** A server that has not answered by then is out of reach. */
const ANSWER_MS = 5000;

const VERSION_TABLE = `CREATE TABLE IF NOT EXISTS schema_version (
  version INT NOT NULL PRIMARY KEY,
  migrated_at BIGINT NOT NULL
) ENGINE = InnoDB`;

/** Locks are the server's, and their names have 64 characters at most: a name for this database. */
const LOCK_NAME = `CONCAT('seqline:', SHA2(DATABASE(), 224))`;

type Query = (sql: string, values?: (string | number)[]) => Promise<RowDataPacket[]>;

/**
 * Brings the schema to `steps`, and does nothing where it is there. Processes that do so at once follow one another. One
 * that dies amid it is continued by the next.
 */
export async function migrateMysql(url: string, steps = SCHEMA_STEPS): Promise<{ from: number; to: number }> {
  return withConnection(url, async (query) => {
    await query(`SET SESSION lock_wait_timeout = ${TABLE_LOCK_SECONDS}`);
    await lock(query);
    await query(VERSION_TABLE);
    const from = await versionOf(query);
    requireKnown(from, steps.length);
    for (let version = from + 1; version <= steps.length; version++) {
      for (const statement of steps[version - 1]!) await query(statement);
      await query('INSERT INTO schema_version VALUES (?, ?)', [version, Date.now()]);
    }
    return { from, to: steps.length };
  });
}

/** Throws where the schema is not of the version that this program works with. */
export async function checkMysqlSchema(url: string, steps = SCHEMA_STEPS): Promise<void> {
  const version = await withConnection(url, versionOf, ANSWER_MS).catch((error) => {
    if (isNoSuchTable(error)) return 0;
    throw error;
  });
  requireKnown(version, steps.length);
  if (version < steps.length) {
    throw new Error(
      `MySQL has schema version ${version} and this program needs ${steps.length}: run "seqline migrate"`,
    );
  }
}

function requireKnown(version: number, known: number): void {
  if (version > known) {
    throw new Error(
      `MySQL has schema version ${version} and this program knows up to ${known}: deploy a version that knows it`,
    );
  }
}

async function versionOf(query: Query): Promise<number> {
  const [row] = await query('SELECT MAX(version) AS version FROM schema_version');
  return row!.version ?? 0;
}

/** The lock ends with the connection. */
async function lock(query: Query): Promise<void> {
  const [row] = await query(`SELECT GET_LOCK(${LOCK_NAME}, ${OTHER_MIGRATION_SECONDS}) AS locked`);
  if (row!.locked !== 1) {
    throw new Error(`another migration has been running for ${OTHER_MIGRATION_SECONDS} seconds`);
  }
}

/** A connection for one piece of work, whose statements may take as long as they do unless `timeout` says otherwise. */
async function withConnection<T>(
  url: string,
  work: (query: Query) => Promise<T>,
  timeout?: number,
): Promise<T> {
  const options = { ...parseMysqlUrl(url), connectTimeout: ANSWER_MS };
  const connection = await createConnection(options).catch((error) => {
    throw unavailable(error);
  });
  // Without a listener the loss of the connection would end the process; the statement concerned fails by it anyway.
  connection.on('error', () => {});
  try {
    const result = await work(async (sql, values) => {
      const [rows] = await connection.query<RowDataPacket[]>({ sql, values, timeout }).catch((error) => {
        throw toPortError(error);
      });
      return rows;
    });
    await connection.end();
    return result;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
