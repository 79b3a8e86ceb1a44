import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { StoreUnavailable } from '../../ports/errors.ts';

export interface SqliteOptions {
  path: string;
  /** Names the store in errors. */
  store: string;
  /** SQL that brings the schema from version i to i + 1. Steps are only ever added at the end. */
  steps: readonly string[];
}

/** One file, which belongs to this process alone. All work on it is synchronous, so nothing comes in between. */
export interface SqliteDatabase {
  prepare(sql: string): StatementSync;
  /** Runs `work` and turns errors that may pass into `StoreUnavailable`. */
  read<T>(work: () => T): T;
  /** Runs `work` in a transaction that is on disk when this returns; what `work` throws undoes it. */
  write<T>(work: () => T): T;
  close(): void;
}

/**
 * Results that may be others at another time: busy, locked, out of memory, read-only, input/output error, full, cannot
 * be opened. https://www.sqlite.org/rescode.html
 */
const PASSING_RESULTS = new Set([5, 6, 7, 8, 10, 13, 14]);
const BUSY = 5;
const CONSTRAINT_PRIMARY_KEY = 1555;
const CONSTRAINT_UNIQUE = 2067;

/** Pages of the file that are kept in memory, at most. */
const CACHE_KIB = 64 * 1024;

/** Pages of 4 KiB after which the write-ahead log is copied into the file: rarely, since hot pages are in it many times. */
const CHECKPOINT_PAGES = 4000;

/**
 * Opens the file, or makes it, and brings its schema to the present version. The lock on it is the operating system's
 * and ends with the process, however that ends.
 */
export function openSqlite({ path, store, steps }: SqliteOptions): SqliteDatabase {
  mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE');
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    bringToVersion(db, path, steps);
  } catch (error) {
    db.close();
    if (resultOf(error) === BUSY) throw new Error(`${path} is open in another process`, { cause: error });
    throw error;
  }
  return wrap(db, store);
}

function wrap(db: DatabaseSync, store: string): SqliteDatabase {
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');

  function guard<T>(work: () => T): T {
    if (!db.isOpen) throw new StoreUnavailable(store, 'closed');
    try {
      return work();
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw PASSING_RESULTS.has(resultOf(error)) ? unavailable(store, error) : error;
    }
  }

  return {
    prepare: (sql) => db.prepare(sql),
    read: guard,
    write: (work) =>
      guard(() => {
        begin.run();
        const result = work();
        commit.run();
        return result;
      }),
    close() {
      if (db.isOpen) db.close();
    },
  };
}

/** Also takes the lock: an exclusive transaction that ends keeps it in this locking mode. */
function bringToVersion(db: DatabaseSync, path: string, steps: readonly string[]): void {
  db.exec('BEGIN EXCLUSIVE');
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version);
  if (version > steps.length) {
    throw new Error(
      `${path} has schema version ${version}; this program knows versions up to ${steps.length}`,
    );
  }
  for (const step of steps.slice(version)) db.exec(step);
  db.exec(`PRAGMA user_version = ${steps.length}`);
  db.exec('COMMIT');
}

/** SQLite's primary result code of an error that is SQLite's; else 0. */
function resultOf(error: unknown): number {
  return extendedResultOf(error) & 0xff;
}

function extendedResultOf(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
}

function unavailable(store: string, error: unknown): StoreUnavailable {
  return new StoreUnavailable(store, error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

/** Whether a row with the same key was there already. */
export function isDuplicate(error: unknown): boolean {
  const result = extendedResultOf(error);
  return result === CONSTRAINT_PRIMARY_KEY || result === CONSTRAINT_UNIQUE;
}

/** The row as an ordinary object; the statement's columns are the fields of `T`. */
export function getRow<T>(statement: StatementSync, ...values: SQLInputValue[]): T | undefined {
  const row = statement.get(...values);
  return row && ({ ...row } as T);
}

export function allRows<T>(statement: StatementSync, ...values: SQLInputValue[]): T[] {
  return statement.all(...values).map((row) => ({ ...row }) as T);
}
