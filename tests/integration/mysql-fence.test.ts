import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Connection, createConnection } from 'mysql2/promise';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import { StoreConflict, StoreUnavailable } from '../../src/ports/errors.ts';
import type { StoredMessage } from '../../src/ports/messages.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range, recordingClaim, stored } from '../contract/samples.ts';
import { headOf } from '../contract/timeline-fixture.ts';
import { createGate, until } from '../contract/wait.ts';
import { createMigratedDatabase, type OwnDatabase } from './mysql-databases.ts';
import { serverFrom } from './servers.ts';

const CHILD = fileURLToPath(new URL('mysql-child.ts', import.meta.url));
const DIRECT = 'p2p:ann:bob';
const OTHER = 'p2p:ann:cid';

const server = serverFrom('MYSQL_URL');

describe('the fence in MySQL', { skip: server ? false : 'set MYSQL_URL' }, () => {
  let database: OwnDatabase;
  let timeline: Timeline;
  before(async () => {
    database = await createMigratedDatabase(server!);
    timeline = createMysqlTimeline({ url: database.url });
  });
  beforeEach(() => database.empty());
  after(async () => {
    await timeline[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test('processes that store into the same conversations leave no gap and break up no batch', async () => {
    const names = ['one', 'two', 'six'];
    const batches = 40;
    const outputs = await Promise.all(names.map((name) => runChild([database.url, name, String(batches)])));
    const all = await everything(timeline, DIRECT);
    assert.deepEqual(
      all.map(({ seq }) => seq),
      range(1, names.length * batches * 2),
    );
    for (let i = 0; i < all.length; i += 2) assert.equal(all[i]!.content, all[i + 1]!.content);
    const told = outputs.flatMap((output) => output.trim().split('\n'));
    assert.equal(told.length, names.length * batches);
    for (const line of told) {
      const [first, own, , last] = line.split(' ').map(Number);
      assert.deepEqual([own, last], [1, first! + 1]);
    }
    assert.equal(await headOf(timeline, OTHER), names.length * batches);
  });

  test('where numbers cannot be claimed the conversations are free at once, for others too', async () => {
    await timeline.store([newMessage()], agree);
    const refuse = async () => {
      throw new StoreConflict('no numbers');
    };
    await using other = createMysqlTimeline({ url: database.url });
    for (const seq of range(2, 6)) {
      const both = [newMessage(), newMessage({ conversation_id: OTHER })];
      await assert.rejects(timeline.store(both, refuse), StoreConflict);
      const message = newMessage();
      assert.deepEqual(await other.store([message], agree), [stored(message, seq)]);
    }
    assert.equal(await headOf(other, OTHER), 0);
  });

  test('while one conversation waits for its numbers, others are stored into', async () => {
    await timeline.store([newMessage(), newMessage({ conversation_id: OTHER })], agree);
    const gate = createGate();
    const storing = timeline.store([newMessage()], () => gate.opened);
    const message = newMessage({ conversation_id: OTHER });
    assert.deepEqual(await timeline.store([message], agree), [stored(message, 2)]);
    await timeline.store([newMessage({ conversation_id: 'p2p:ann:dan' })], agree);
    gate.open();
    assert.equal((await storing)[0]?.seq, 2);
  });

  test('a batch that loses to a deadlock runs again as a whole, and claims its numbers again', async () => {
    await timeline.store([newMessage()], agree);
    await using other = await openConnection(database.url);
    await other.connection.query('START TRANSACTION');
    await lockCursor(other.connection);
    await makeHeavy(other.connection);
    let blocked: Promise<unknown> | undefined;
    const recording = recordingClaim();
    let claims = 0;
    const batch = [newMessage(), newMessage()];
    const storing = timeline.store(batch, async (wanted) => {
      claims += 1;
      blocked ??= lockHead(other.connection);
      await recording.claim(wanted);
    });
    await until('the other one has both locks', async () => {
      await blocked;
      return blocked !== undefined;
    });
    await other.connection.query('ROLLBACK');
    assert.deepEqual(await storing, [stored(batch[0]!, 2), stored(batch[1]!, 3)]);
    assert.equal(claims, 2);
    assert.deepEqual(recording.last(), [{ conversationId: DIRECT, lastSeq: 1, count: 2 }]);
  });

  test('where a lock is not given up the store is unavailable and nothing is stored', async () => {
    await timeline.store([newMessage()], agree);
    await using other = await openConnection(database.url);
    await other.connection.query('START TRANSACTION');
    await lockHead(other.connection);
    const batch = [newMessage({ conversation_id: OTHER }), newMessage()];
    await assert.rejects(
      timeline.store(batch, () => assert.fail('numbers were claimed')),
      StoreUnavailable,
    );
    await other.connection.query('ROLLBACK');
    assert.deepEqual(await timeline.findStored(batch), []);
    assert.equal((await timeline.store(batch, agree))[1]?.seq, 2);
  });

  test('ids are told apart by their bytes, also by spaces at their end', async () => {
    const ids = ['id', 'id ', 'ID', 'íd', 'i\u0301d'];
    for (const msg_id of ids) await timeline.store([newMessage({ msg_id })], agree);
    for (const [i, msg_id] of ids.entries()) {
      const found = await timeline.findStored([{ sender_id: 'ann', msg_id }]);
      assert.deepEqual(
        found.map(({ seq }) => seq),
        [i + 1],
      );
    }
    for (const userId of ['zed', 'zed ', 'Zed']) await timeline.setNickname(userId, `of "${userId}"`, 1);
    assert.equal((await timeline.profile('zed ')).nickname, 'of "zed "');
  });

  test('a large batch of large messages is stored as one', async () => {
    const contents = ['x', '\u{1f600}', "'", '\\', '\u0000'].map((text) =>
      text.repeat(16_384 / Buffer.byteLength(text)),
    );
    const batch = range(1, 1200).map((i) => newMessage({ content: contents[i % contents.length] }));
    const result = await timeline.store(batch, agree);
    assert.deepEqual(
      result,
      batch.map((message, i) => stored(message, i + 1)),
    );
    assert.deepEqual(await everything(timeline, DIRECT), result);
  });
});

async function runChild(args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=seqline-source',
    CHILD,
    ...args,
  ]);
  return stdout;
}

/** A connection that behaves as another process might. */
async function openConnection(url: string): Promise<{ connection: Connection } & AsyncDisposable> {
  const connection = await createConnection(url);
  return { connection, [Symbol.asyncDispose]: () => connection.end() };
}

/** The row that a store into the conversation locks first. */
function lockHead(connection: Connection): Promise<unknown> {
  return connection.query('SELECT 1 FROM conversation WHERE conversation_id = ? FOR UPDATE', [DIRECT]);
}

/** A row that it locks last. */
function lockCursor(connection: Connection): Promise<unknown> {
  const key = ['ann', DIRECT];
  return connection.query(
    'SELECT 1 FROM conversation_member WHERE user_id = ? AND conversation_id = ? FOR UPDATE',
    key,
  );
}

/** Of those in a deadlock, the server sacrifices the one that has changed the fewest rows. */
async function makeHeavy(connection: Connection): Promise<void> {
  const users = range(1, 200).map((i) => [`heavy${i}`, '', 0, '', 0]);
  await connection.query('INSERT INTO user VALUES ?', [users]);
}

async function everything(timeline: Timeline, conversationId: string): Promise<StoredMessage[]> {
  const from = { afterSeq: 0 };
  const { messages } = await timeline.page({ conversationId, from, hiddenThrough: 0, limit: 10_000 });
  return messages;
}
