import { randomBytes } from 'node:crypto';
import { type Connection, createConnection } from 'mysql2/promise';
import { migrateMysql } from '../../src/adapters/mysql/mysql-migrate.ts';

export interface OwnDatabase extends AsyncDisposable {
  /** Of the same server, with a database that nobody else uses. */
  url: string;
  /** For statements past the adapter. */
  connection: Connection;
  /** Removes all rows. */
  empty(): Promise<void>;
}

const TABLES = ['timeline_message', 'conversation', 'conversation_member', 'user', '`group`', 'group_member'];

/** Makes a database, whose name begins with `im_`, and removes it when disposed. */
export async function createDatabase(serverUrl: string): Promise<OwnDatabase> {
  const url = new URL(serverUrl);
  url.pathname = `im_test_${randomBytes(6).toString('hex')}`;
  const name = url.pathname.slice(1);
  const connection = await createConnection(serverUrl);
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.changeUser({ database: name });
  return {
    url: url.href,
    connection,
    empty: () => emptyTables(connection),
    async [Symbol.asyncDispose]() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}

export async function createMigratedDatabase(serverUrl: string): Promise<OwnDatabase> {
  const database = await createDatabase(serverUrl);
  try {
    await migrateMysql(database.url);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
  return database;
}

export async function emptyTables(connection: Connection): Promise<void> {
  await connection.beginTransaction();
  for (const table of TABLES) await connection.query(`DELETE FROM ${table}`);
  await connection.commit();
}
