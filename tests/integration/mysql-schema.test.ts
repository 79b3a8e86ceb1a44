import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { RowDataPacket } from 'mysql2/promise';
import { checkMysqlSchema, migrateMysql } from '../../src/adapters/mysql/mysql-migrate.ts';
import { SCHEMA_STEPS } from '../../src/adapters/mysql/mysql-schema.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import { createDatabase, type OwnDatabase } from './mysql-databases.ts';
import { serverFrom } from './servers.ts';

const server = serverFrom('MYSQL_URL');
const VERSION = SCHEMA_STEPS.length;
const ADDED = 'CREATE TABLE IF NOT EXISTS added (id INT PRIMARY KEY)';

describe('the schema in MySQL', { skip: server ? false : 'set MYSQL_URL' }, () => {
  let database: OwnDatabase;
  beforeEach(async () => {
    database = await createDatabase(server!);
  });
  afterEach(() => database[Symbol.asyncDispose]());

  test('it is made, and made again without harm', async () => {
    assert.deepEqual(await migrateMysql(database.url), { from: 0, to: VERSION });
    const made = await tablesOf(database);
    assert.deepEqual(await migrateMysql(database.url), { from: VERSION, to: VERSION });
    assert.deepEqual(await tablesOf(database), made);
    assert.deepEqual(
      made.map(({ name }) => name),
      [
        'conversation',
        'conversation_member',
        'group',
        'group_member',
        'schema_version',
        'timeline_message',
        'user',
      ],
    );
  });

  test('those who make it at the same time follow one another', async () => {
    const results = await Promise.all([1, 2, 3, 4].map(() => migrateMysql(database.url)));
    assert.deepEqual(results.map(({ from }) => from).sort(), [0, VERSION, VERSION, VERSION]);
    await checkMysqlSchema(database.url);
  });

  test('all text compares byte for byte, in tables whose transactions are safe', async () => {
    await migrateMysql(database.url);
    for (const { engine } of await tablesOf(database)) assert.equal(engine, 'InnoDB');
    const [folding] = await database.connection.query<RowDataPacket[]>(
      `SELECT table_name, column_name, collation_name FROM information_schema.columns
       WHERE table_schema = DATABASE() AND collation_name <> 'utf8mb4_0900_bin'`,
    );
    assert.deepEqual(folding, []);
  });

  test('a program whose schema is not there yet says what to do', async () => {
    await assert.rejects(
      checkMysqlSchema(database.url),
      /schema version 0 .* needs \d+: run "seqline migrate"/,
    );
    await migrateMysql(database.url);
    await checkMysqlSchema(database.url);
    const later = [...SCHEMA_STEPS, [ADDED]];
    await assert.rejects(checkMysqlSchema(database.url, later), /run "seqline migrate"/);
    assert.deepEqual(await migrateMysql(database.url, later), { from: VERSION, to: VERSION + 1 });
    await checkMysqlSchema(database.url, later);
  });

  test('a program that is older than the schema says what to do, and changes nothing', async () => {
    await migrateMysql(database.url, [...SCHEMA_STEPS, [ADDED]]);
    const tables = await tablesOf(database);
    await assert.rejects(checkMysqlSchema(database.url), /knows up to \d+: deploy a version that knows it/);
    await assert.rejects(migrateMysql(database.url), /deploy a version that knows it/);
    assert.deepEqual(await tablesOf(database), tables);
  });

  test('a step that ended half-way runs again as a whole', async () => {
    const broken = [...SCHEMA_STEPS, [ADDED, 'CREATE TABLE this is not SQL']];
    await assert.rejects(migrateMysql(database.url, broken), /SQL syntax/);
    await checkMysqlSchema(database.url);
    const mended = [...SCHEMA_STEPS, [ADDED, 'ALTER TABLE added ADD COLUMN name VARCHAR(9)']];
    assert.deepEqual(await migrateMysql(database.url, mended), { from: VERSION, to: VERSION + 1 });
  });

  test('a server that is out of reach, or lets nobody in, is unavailable, and no password is told', async () => {
    const away = new URL(database.url);
    away.host = '127.0.0.1:1';
    const refused = new URL(database.url);
    refused.password = 'wrong-secret';
    for (const { href } of [away, refused]) {
      for (const call of [migrateMysql, checkMysqlSchema]) {
        await assert.rejects(
          call(href),
          (error) => error instanceof StoreUnavailable && !error.message.includes('secret'),
        );
      }
    }
  });
});

async function tablesOf({ connection }: OwnDatabase): Promise<{ name: string; engine: string }[]> {
  const [tables] = await connection.query<RowDataPacket[]>(
    `SELECT table_name AS name, engine AS engine FROM information_schema.tables
     WHERE table_schema = DATABASE() ORDER BY table_name`,
  );
  return tables as { name: string; engine: string }[];
}
