import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { headOf } from '../../../tests/contract/timeline-fixture.ts';
import { StoreConflict, StoreUnavailable } from '../../ports/errors.ts';
import type { NewMessage } from '../../ports/messages.ts';
import { openSqlite } from './sqlite-database.ts';
import { createSqliteMessages } from './sqlite-messages.ts';
import { TIMELINE_STEPS } from './sqlite-schema.ts';
import { createSqliteTimeline } from './sqlite-timeline.ts';

const root = mkdtempSync(join(tmpdir(), 'seqline-timeline-'));
let files = 0;

after(() => rmSync(root, { recursive: true }));

test('a timeline of a newer program is refused', async () => {
  const path = newPath();
  await createSqliteTimeline({ path })[Symbol.asyncDispose]();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 1000');
  db.close();
  assert.throws(() => createSqliteTimeline({ path }), /schema version 1000/);
});

test('a timeline that is open is refused until it is closed', async () => {
  const path = newPath();
  const first = createSqliteTimeline({ path });
  assert.throws(() => createSqliteTimeline({ path }), /is open in another process/);
  await first.ping();
  await first[Symbol.asyncDispose]();
  await createSqliteTimeline({ path })[Symbol.asyncDispose]();
});

test('on a full disk nothing of a batch is stored, and storing goes on when there is room', async () => {
  const db = openSqlite({ path: newPath(), store: 'timeline', steps: TIMELINE_STEPS });
  const store = createSqliteMessages(db, Date.now);
  const agree = async () => {};
  const pages = Number(db.prepare('PRAGMA max_page_count').get()?.max_page_count);
  const used = Number(db.prepare('PRAGMA page_count').get()?.page_count);
  await store.store([message('first', 'x')], agree);
  db.prepare(`PRAGMA max_page_count = ${used + 5}`).get();
  const batch = Array.from({ length: 50 }, (_, i) => message(`m${i}`, 'x'.repeat(1000)));
  await assert.rejects(store.store(batch, agree), StoreUnavailable);
  assert.equal(await headOf(store, 'p2p:ann:bob'), 1);
  assert.deepEqual(await store.findStored(batch), []);
  db.prepare(`PRAGMA max_page_count = ${pages}`).get();
  const stored = await store.store(batch, agree);
  assert.deepEqual([stored[0]?.seq, stored.at(-1)?.seq], [2, 51]);
  db.close();
});

test('what is stored into a group that was dissolved while numbers were claimed is a conflict', async () => {
  await using timeline = createSqliteTimeline({ path: newPath() });
  const group = { group_id: 'group_g', name: 'G', owner_id: 'ann', history: 'all', created_at: 1 } as const;
  await timeline.createGroup(group, []);
  const batch = [message('direct', 'x'), { ...message('late', 'x'), conversation_id: 'group_g' }];
  const storing = timeline.store(batch, async () => {
    await timeline.changeGroup('group_g', [], () => ({ steps: [{ step: 'dissolve' }], result: undefined }));
  });
  await assert.rejects(storing, StoreConflict);
  assert.deepEqual(await timeline.findStored(batch), []);
});

test('a store that waits while numbers are claimed fails as a whole when the timeline is closed', async () => {
  const path = newPath();
  const timeline = createSqliteTimeline({ path });
  const storing = timeline.store([message('m', 'x')], async () => {
    await timeline[Symbol.asyncDispose]();
  });
  await assert.rejects(storing, StoreUnavailable);
  await using again = createSqliteTimeline({ path });
  assert.equal(await headOf(again, 'p2p:ann:bob'), 0);
});

test('a store that failed does not hold up the next one', async () => {
  await using timeline = createSqliteTimeline({ path: newPath() });
  const failing = timeline.store([message('a', 'x')], async () => {
    throw new StoreConflict('no numbers');
  });
  const next = timeline.store([message('b', 'x')], async () => {});
  await assert.rejects(failing, StoreConflict);
  assert.equal((await next)[0]?.seq, 1);
});

function message(msg_id: string, content: string): NewMessage {
  return {
    conversation_id: 'p2p:ann:bob',
    msg_id,
    sender_id: 'ann',
    msg_type: 1,
    content,
    send_time: 1,
    client_time: null,
  };
}

function newPath(): string {
  files += 1;
  return join(root, `${files}`, 'timeline.sqlite');
}
