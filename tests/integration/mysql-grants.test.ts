import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { type Connection, createConnection } from 'mysql2/promise';
import { checkMysqlSchema, migrateMysql } from '../../src/adapters/mysql/mysql-migrate.ts';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import { timelineContract } from '../contract/timeline.contract.ts';
import { emptyTables } from './mysql-databases.ts';
import { serverFrom } from './servers.ts';

const server = serverFrom('MYSQL_ADMIN_URL');
const RUN = `im_test_${randomBytes(6).toString('hex')}`;
const MIGRATING = `${RUN}_migrate`;

if (server) {
  let admin: Connection;
  before(async () => {
    const { first, second } = await documentedStatements();
    admin = await createConnection(server);
    for (const statement of first) await admin.query(statement);
    await migrateMysql(urlOf(MIGRATING, 'choose-one'));
    for (const statement of second) await admin.query(statement);
    await admin.changeUser({ database: RUN });
  });
  after(async () => {
    await admin.query(`DROP DATABASE IF EXISTS ${RUN}`);
    await admin.query(`DROP USER IF EXISTS ${RUN}, ${MIGRATING}`);
    await admin.end();
  });

  const url = urlOf(RUN, 'choose-another');

  timelineContract('MySQL with the documented rights', async () => {
    await emptyTables(admin);
    const create = () => createMysqlTimeline({ url });
    let timeline = create();
    return {
      timeline,
      async reopen() {
        await timeline[Symbol.asyncDispose]();
        timeline = create();
        return timeline;
      },
      [Symbol.asyncDispose]: () => timeline[Symbol.asyncDispose](),
    };
  });

  describe('the documented rights', () => {
    test('let the running roles see the version, and not change it', async () => {
      await checkMysqlSchema(url);
      await using running = await createConnection(url);
      for (const statement of [
        'DELETE FROM timeline_message',
        'DROP TABLE user',
        'INSERT INTO schema_version VALUES (99, 0)',
        'CREATE TABLE mine (id INT)',
      ]) {
        await assert.rejects(running.query(statement), /denied/, statement);
      }
    });

    test('are enough to migrate again', async () => {
      const { from, to } = await migrateMysql(urlOf(MIGRATING, 'choose-one'));
      assert.equal(from, to);
    });
  });
} else describe('the documented rights', () => void test('do', { skip: 'set MYSQL_ADMIN_URL' }, () => {}));

function urlOf(user: string, password: string): string {
  const url = new URL(server!);
  Object.assign(url, { username: user, password, pathname: RUN });
  return url.href;
}

/** The statements before and after the first migration, with names of this run. */
async function documentedStatements(): Promise<{ first: string[]; second: string[] }> {
  const page = await readFile(new URL('../../docs/mysql-grants.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, block]) =>
    block!
      .replaceAll('seqline', RUN)
      .split(';')
      .map((statement) => statement.trim())
      .filter(Boolean),
  );
  const [first, second, ...others] = blocks;
  assert.ok(first && second && others.length === 0);
  return { first, second };
}
