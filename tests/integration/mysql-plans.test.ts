import assert from 'node:assert/strict';
import { tracingChannel } from 'node:diagnostics_channel';
import { describe, test } from 'node:test';
import type { RowDataPacket } from 'mysql2/promise';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range } from '../contract/samples.ts';
import { everyCall } from './every-call.ts';
import { createMigratedDatabase } from './mysql-databases.ts';
import { serverFrom } from './servers.ts';

const server = serverFrom('MYSQL_URL');
const CONVERSATIONS = 300;

describe('statements in MySQL', { skip: server ? false : 'set MYSQL_URL' }, () => {
  test('none reads a whole table', async () => {
    await using database = await createMigratedDatabase(server!);
    await using timeline = createMysqlTimeline({ url: database.url });
    await fill(timeline);
    await database.connection.query(
      'ANALYZE TABLE timeline_message, conversation, conversation_member, user, `group`, group_member',
    );
    const statements = await statementsOf(async () => {
      for (const call of everyCall(timeline)) await call();
      const keys = range(1, 40).map((i) => newMessage({ msg_id: `m${i}` }));
      await timeline.findStored(keys);
      await timeline.page({
        conversationId: 'p2p:ann:bob',
        from: { beforeSeq: 90 },
        hiddenThrough: 0,
        limit: 9,
      });
      await timeline.listConversations('ann', { lastTime: 50, conversationId: 'p2p:ann:bob' }, 9);
      await timeline.memberCursors(
        range(1, 40).map((i) => `p2p:ann:user${i}`),
        100,
      );
      await timeline.membersAmong(range(1, 40).map((i) => ({ group_id: `group_${i}`, user_id: 'ann' })));
    });
    assert.ok(statements.length > 25, String(statements.length));
    for (const statement of statements) {
      const [plan] = await database.connection.query<RowDataPacket[]>(
        `EXPLAIN FORMAT = TRADITIONAL ${statement}`,
      );
      const whole = plan.filter(
        ({ table, type }) => /^(ALL|index)$/.test(type) && !/^<|^(v|listed)$/.test(table),
      );
      assert.deepEqual(whole, [], statement);
    }
  });
});

/** Enough rows that reading them all is not the cheapest way. */
async function fill(timeline: Timeline): Promise<void> {
  const ids = range(1, CONVERSATIONS).map((i) => `p2p:ann:user${i}`);
  await timeline.store(
    ids.map((conversation_id, i) => newMessage({ conversation_id, msg_id: `m${i}`, send_time: i })),
    agree,
  );
  await timeline.store(
    range(1, CONVERSATIONS).map(() => newMessage()),
    agree,
  );
  await timeline.advanceInboxCursors(
    range(1, CONVERSATIONS).map((i) => ({ user_id: `user${i}`, epoch: 'e', seq: 1, time: 1 })),
  );
  const members = range(1, CONVERSATIONS).map((i) => `user${i}`);
  for (const i of range(1, 50)) {
    const group = {
      group_id: `group_${i}`,
      name: 'G',
      owner_id: 'ann',
      history: 'all',
      created_at: 1,
    } as const;
    await timeline.createGroup(group, i === 1 ? members : [`user${i}`]);
  }
}

/** What `work` reads and changes, as the driver sends it. */
async function statementsOf(work: () => Promise<void>): Promise<string[]> {
  const statements = new Set<string>();
  const queries = tracingChannel('mysql2:query');
  const note = {
    start: (query: object) => {
      if (!('query' in query)) return;
      for (const statement of String(query.query).split('; ')) statements.add(statement);
    },
    end() {},
    asyncStart() {},
    asyncEnd() {},
    error() {},
  };
  queries.subscribe(note);
  await work();
  queries.unsubscribe(note);
  return [...statements].filter((statement) => /^\s*(SELECT|UPDATE|DELETE)/.test(statement));
}
