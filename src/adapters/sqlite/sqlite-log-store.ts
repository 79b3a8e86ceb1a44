import type { LogRecord, PartitionLag } from '../../ports/event-log.ts';
import type { LogTopics, Topic } from '../../ports/log-events.ts';
import { partitionOf } from '../kafka/murmur2.ts';
import { openSqlite, type SqliteDatabase } from './sqlite-database.ts';

const STEPS = [
  `
  CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE event (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    time INTEGER NOT NULL,
    key TEXT NOT NULL,
    raw TEXT NOT NULL,
    PRIMARY KEY (topic, partition, offset)
  ) STRICT, WITHOUT ROWID;

  -- How far handlers have come; the events up to there are deleted.
  CREATE TABLE done (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    through INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) STRICT, WITHOUT ROWID;
  `,
] as const;

/** Topics by name, as a table so that a new one cannot be forgotten here. */
const TOPICS: { [T in Topic]: T } = {
  messages: 'messages',
  receipts: 'receipts',
  dead_letters: 'dead_letters',
};

/** One partition of one topic. Offsets in it grow by one, so that a difference of two is a count. */
export interface LogPartition {
  topic: Topic;
  partition: number;
  lastOffset: number;
  doneThrough: number;
  /** What of `doneThrough` is in the file; it follows with the next write. */
  savedThrough: number;
}

export interface NewEvent {
  topic: Topic;
  key: string;
  raw: string;
}

export interface LogStore {
  partitionsOf(topic: Topic): LogPartition[];
  hasUnsaved(): boolean;
  /** Adds the events and saves what is done, all or nothing; returns the partitions that grew. */
  write(events: NewEvent[], time: number): Set<LogPartition>;
  /** The events of the partition that are not done, from the oldest on. */
  read<T extends Topic>(partition: LogPartition, limit: number): LogRecord<T>[];
  lagOf(partition: LogPartition, now: number): PartitionLag;
  close(): void;
}

/** The file of the log. */
export function openLogStore(path: string, partitions: number): LogStore {
  const db = openSqlite({ path, store: 'event log', steps: STEPS });
  try {
    keepPartitions(db, path, partitions);
    return createLogStore(db, partitions);
  } catch (error) {
    db.close();
    throw error;
  }
}

function createLogStore(db: SqliteDatabase, partitions: number): LogStore {
  const sql = prepareLog(db);
  const byTopic = new Map(Object.values(TOPICS).map((topic) => [topic, loadPartitions(topic)]));
  const all = [...byTopic.values()].flat();

  function loadPartitions(topic: Topic): LogPartition[] {
    return Array.from({ length: partitions }, (_, partition) => {
      const through = Number(sql.through.get(topic, partition)?.through ?? 0);
      const last = Number(sql.last.get(topic, partition)?.last ?? 0);
      return {
        topic,
        partition,
        lastOffset: Math.max(through, last),
        doneThrough: through,
        savedThrough: through,
      };
    });
  }

  function saveDone({ topic, partition, doneThrough }: LogPartition): void {
    sql.saveThrough.run(topic, partition, doneThrough);
    sql.deleteThrough.run(topic, partition, doneThrough);
  }

  return {
    partitionsOf: (topic) => byTopic.get(topic)!,

    hasUnsaved: () => all.some((p) => p.savedThrough < p.doneThrough),

    write(events, time) {
      const lastOffsets = new Map<LogPartition, number>();
      const unsaved = all.filter((p) => p.savedThrough < p.doneThrough);
      db.write(() => {
        for (const { topic, key, raw } of events) {
          const target = byTopic.get(topic)![partitionOf(key, partitions)]!;
          const offset = (lastOffsets.get(target) ?? target.lastOffset) + 1;
          sql.insert.run(topic, target.partition, offset, time, key, raw);
          lastOffsets.set(target, offset);
        }
        for (const partition of unsaved) saveDone(partition);
      });
      for (const [target, offset] of lastOffsets) target.lastOffset = offset;
      for (const partition of unsaved) partition.savedThrough = partition.doneThrough;
      return new Set(lastOffsets.keys());
    },

    read<T extends Topic>({ topic, partition, doneThrough }: LogPartition, limit: number) {
      const rows = db.read(() => sql.read.all(topic, partition, doneThrough, limit));
      return rows.map((row): LogRecord<T> => {
        const raw = String(row.raw);
        return { offset: Number(row.offset), key: String(row.key), event: parse<T>(raw), raw };
      });
    },

    lagOf({ topic, partition, lastOffset, doneThrough }, now) {
      const oldest = db.read(() => sql.oldest.get(topic, partition, doneThrough));
      const oldestAgeMs = oldest ? Math.max(0, now - Number(oldest.time)) : 0;
      return { partition, lag: lastOffset - doneThrough, oldestAgeMs };
    },

    close: () => db.close(),
  };
}

/** The number is fixed when the file is made: with another one, keys would move and lose their order. */
function keepPartitions(db: SqliteDatabase, path: string, partitions: number): void {
  db.write(() => {
    db.prepare(`INSERT INTO setting (name, value) VALUES ('partitions', ?) ON CONFLICT DO NOTHING`).run(
      partitions,
    );
  });
  const kept = db.prepare(`SELECT value FROM setting WHERE name = 'partitions'`).get()?.value;
  if (kept !== partitions) {
    throw new Error(`${path} has ${kept} partitions, which cannot change; ${partitions} are asked for`);
  }
}

function prepareLog(db: SqliteDatabase) {
  return {
    insert: db.prepare(
      'INSERT INTO event (topic, partition, offset, time, key, raw) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    read: db.prepare(
      `SELECT offset, key, raw FROM event
       WHERE topic = ? AND partition = ? AND offset > ? ORDER BY offset LIMIT ?`,
    ),
    oldest: db.prepare(
      'SELECT time FROM event WHERE topic = ? AND partition = ? AND offset > ? ORDER BY offset LIMIT 1',
    ),
    last: db.prepare('SELECT max(offset) AS last FROM event WHERE topic = ? AND partition = ?'),
    through: db.prepare('SELECT through FROM done WHERE topic = ? AND partition = ?'),
    saveThrough: db.prepare(
      `INSERT INTO done (topic, partition, through) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET through = excluded.through`,
    ),
    deleteThrough: db.prepare('DELETE FROM event WHERE topic = ? AND partition = ? AND offset <= ?'),
  };
}

function parse<T extends Topic>(raw: string): LogTopics[T] | undefined {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
