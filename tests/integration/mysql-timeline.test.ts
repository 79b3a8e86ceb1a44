import { after, before, describe, test } from 'node:test';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import { timelineContract } from '../contract/timeline.contract.ts';
import { createMigratedDatabase, type OwnDatabase } from './mysql-databases.ts';
import { serverFrom } from './servers.ts';

const server = serverFrom('MYSQL_URL');

if (server) {
  let database: OwnDatabase;
  before(async () => {
    database = await createMigratedDatabase(server);
  });
  after(() => database[Symbol.asyncDispose]());

  timelineContract('MySQL', async () => {
    await database.empty();
    const create = () => createMysqlTimeline({ url: database.url });
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
} else describe('timeline contract: MySQL', () => void test('runs', { skip: 'set MYSQL_URL' }, () => {}));
