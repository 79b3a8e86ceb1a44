import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { StoreUnavailable } from '../../ports/errors.ts';
import { allRows, getRow, isDuplicate, openSqlite } from './sqlite-database.ts';

const STEPS = ['CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT'];
const dir = join(tmpdir(), `seqline-sqlite-database-${process.pid}`);
let files = 0;

after(() => rm(dir, { recursive: true, force: true }));

test('the file and its directory are made, and the schema is brought to its version once', () => {
  const path = newPath();
  const first = openSqlite({ path, store: 'items', steps: STEPS });
  first.write(() => first.prepare('INSERT INTO item VALUES (1, ?)').run('one'));
  first.close();
  const added = [...STEPS, 'ALTER TABLE item ADD COLUMN size INTEGER NOT NULL DEFAULT 7'];
  for (let i = 0; i < 2; i++) {
    const db = openSqlite({ path, store: 'items', steps: added });
    assert.deepEqual(allRows(db.prepare('SELECT * FROM item')), [{ id: 1, name: 'one', size: 7 }]);
    db.close();
  }
});

test('a schema that is newer than the program is refused and left alone', () => {
  const path = newPath();
  openSqlite({ path, store: 'items', steps: [...STEPS, 'CREATE TABLE later (id INTEGER)'] }).close();
  assert.throws(() => openSqlite({ path, store: 'items', steps: STEPS }), /schema version 2.*up to 1/);
  const db = new DatabaseSync(path);
  assert.equal(db.prepare('PRAGMA user_version').get()?.user_version, 2);
  db.close();
});

test('a step that fails changes nothing', () => {
  const path = newPath();
  openSqlite({ path, store: 'items', steps: STEPS }).close();
  const broken = [...STEPS, 'CREATE TABLE half (id INTEGER)', 'CREATE TABLE item (id INTEGER)'];
  assert.throws(() => openSqlite({ path, store: 'items', steps: broken }), /already exists/);
  const db = openSqlite({ path, store: 'items', steps: STEPS });
  assert.deepEqual(allRows(db.prepare(`SELECT name FROM sqlite_schema WHERE name = 'half'`)), []);
  db.close();
});

test('a file that is open cannot be opened again until it is closed', () => {
  const path = newPath();
  const db = openSqlite({ path, store: 'items', steps: STEPS });
  assert.throws(() => openSqlite({ path, store: 'items', steps: STEPS }), /is open in another process/);
  db.close();
  openSqlite({ path, store: 'items', steps: STEPS }).close();
});

test('what a write throws undoes it and is passed on', () => {
  const db = openSqlite({ path: newPath(), store: 'items', steps: STEPS });
  const insert = db.prepare('INSERT INTO item VALUES (?, ?)');
  const error = new Error('enough');
  const half = () => {
    insert.run(1, 'one');
    throw error;
  };
  assert.throws(() => db.write(half), error);
  assert.deepEqual(allRows(db.prepare('SELECT * FROM item')), []);
  db.write(() => insert.run(1, 'one'));
  assert.throws(() => db.write(() => insert.run(1, 'again')), isDuplicate);
  assert.throws(
    () => db.write(() => insert.run(2, null)),
    (fault) => !isDuplicate(fault) && !(fault instanceof StoreUnavailable),
  );
  assert.deepEqual(getRow(db.prepare('SELECT * FROM item')), { id: 1, name: 'one' });
  db.close();
});

test('a full disk is an outage: nothing half is kept, and it passes', () => {
  const path = newPath();
  const db = openSqlite({ path, store: 'items', steps: STEPS });
  const insert = db.prepare('INSERT INTO item VALUES (?, ?)');
  const count = () => getRow<{ n: number }>(db.prepare('SELECT count(*) AS n FROM item'))?.n;
  const fill = () => {
    for (let id = 1; id <= 100; id++) insert.run(id, 'x'.repeat(1000));
  };
  const pages = Number(db.prepare('PRAGMA max_page_count').get()?.max_page_count);
  db.prepare('PRAGMA max_page_count = 10').get();
  assert.throws(
    () => db.write(fill),
    (error) => error instanceof StoreUnavailable && error.store === 'items' && /full/.test(error.message),
  );
  assert.equal(count(), 0);
  db.prepare(`PRAGMA max_page_count = ${pages}`).get();
  db.write(fill);
  assert.equal(count(), 100);
  db.close();
});

test('a closed file is unavailable', () => {
  const db = openSqlite({ path: newPath(), store: 'items', steps: STEPS });
  const insert = db.prepare('INSERT INTO item VALUES (1, ?)');
  db.close();
  db.close();
  assert.throws(() => db.write(() => insert.run('one')), StoreUnavailable);
  assert.throws(() => db.read(() => insert.run('one')), StoreUnavailable);
});

function newPath(): string {
  files += 1;
  return join(dir, `${files}`, 'items.sqlite');
}
