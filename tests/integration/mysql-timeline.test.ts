import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range } from '../contract/samples.ts';
import { timelineContract } from '../contract/timeline.contract.ts';
import { headOf } from '../contract/timeline-fixture.ts';
import { type MysqlTap, openMysqlTap } from '../harness/mysql-tap.ts';
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

  describe('requests to MySQL', () => {
    let tap: MysqlTap;
    let timeline: Timeline;
    beforeEach(async () => {
      await database.empty();
      tap = await openMysqlTap(database.url);
      timeline = createMysqlTimeline({ url: tap.url });
      await timeline.store([newMessage()], agree);
      tap.statements.length = 0;
    });
    afterEach(async () => {
      await timeline[Symbol.asyncDispose]();
      await tap[Symbol.asyncDispose]();
    });

    test('a batch is stored in three', async () => {
      await timeline.store([newMessage(), newMessage({ sender_id: 'bob' })], agree);
      const beginnings = tap.statements.map((request) => request.split('; ').map((one) => one.split(' ')[0]));
      assert.deepEqual(beginnings, [['START', 'SELECT'], ['INSERT', 'UPDATE', 'UPDATE'], ['COMMIT']]);
    });

    test('none is longer than a server takes', async () => {
      const content = 'x'.repeat(16_384);
      await timeline.store(
        range(1, 200).map(() => newMessage({ content })),
        agree,
      );
      const lengths = tap.statements.map(({ length }) => length);
      assert.ok(Math.max(...lengths) < 1024 * 1024, String(lengths));
      assert.equal(lengths.filter((length) => length > content.length).length, 7);
      assert.equal(await headOf(timeline, 'p2p:ann:bob'), 201);
    });
  });
} else describe('timeline contract: MySQL', () => void test('runs', { skip: 'set MYSQL_URL' }, () => {}));
