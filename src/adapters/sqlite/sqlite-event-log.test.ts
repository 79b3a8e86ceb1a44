import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { EventLog, LogRecord } from '../../ports/event-log.ts';
import type { ChatEvent } from '../../ports/log-events.ts';
import { partitionOf } from '../kafka/murmur2.ts';
import { createSqliteEventLog } from './sqlite-event-log.ts';

const root = mkdtempSync(join(tmpdir(), 'seqline-event-log-'));
let files = 0;

const PAGE_BYTES = 4096;

after(() => rmSync(root, { recursive: true }));

test('another number of partitions than that of the file is refused', async () => {
  const path = newPath();
  await open(path, { partitions: 4 })[Symbol.asyncDispose]();
  assert.throws(
    () => open(path, { partitions: 5 }),
    /has 4 partitions, which cannot change; 5 are asked for/,
  );
  await open(path, { partitions: 4 })[Symbol.asyncDispose]();
});

test('keys are spread as by the Java client', async () => {
  await using log = open(newPath(), { partitions: 8 });
  const keys = Array.from({ length: 20 }, (_, i) => `p2p:user${i}:zed`);
  await Promise.all(keys.map((key) => log.append('messages', key, event(key))));
  const seen = new Map<string, number>();
  await log.consume('messages', async ({ partition, records }) => {
    for (const { key } of records) seen.set(key, partition);
  });
  await until(() => seen.size === 20);
  for (const key of keys) assert.equal(seen.get(key), partitionOf(key, 8));
});

test('an event that is not JSON is handed out as it stands', async () => {
  const path = newPath();
  await open(path)[Symbol.asyncDispose]();
  const db = new DatabaseSync(path);
  db.exec(`INSERT INTO event VALUES ('messages', 0, 1, 0, 'k', '{"v":1')`);
  db.close();
  await using log = open(path);
  await log.append('messages', 'k', event('next'));
  const [broken, next] = await take(log, 2);
  assert.deepEqual([broken?.event, broken?.raw], [undefined, '{"v":1']);
  assert.equal(next?.event?.kind, 'chat');
});

test('batches hold no more than they may', async () => {
  await using log = open(newPath(), { batchMax: 7 });
  await Promise.all(Array.from({ length: 20 }, (_, i) => log.append('messages', 'k', event(String(i)))));
  const sizes: number[] = [];
  await log.consume('messages', async ({ records }) => {
    sizes.push(records.length);
  });
  await until(() => sizes.length === 3);
  assert.deepEqual(sizes, [7, 7, 6]);
});

test('a topic has one consumer at a time', async () => {
  await using log = open(newPath());
  const first = await log.consume('messages', async () => {});
  await assert.rejects(
    log.consume('messages', async () => {}),
    /has a consumer already/,
  );
  await log.consume('receipts', async () => {});
  await Promise.all([first.stop(), first.stop()]);
  await log.consume('messages', async () => {});
});

test('after each failure the pause is twice as long as before', async () => {
  await using log = open(newPath());
  const times: number[] = [];
  await log.append('messages', 'k', event('1'));
  const consumer = await log.consume('messages', async () => {
    times.push(performance.now());
    if (times.length < 4) throw new Error('the handler fails');
  });
  await until(() => times.length === 4);
  await consumer.stop();
  const pauses = times.slice(1).map((time, i) => time - times[i]!);
  for (const [i, leastMs] of [99, 199, 399].entries()) {
    assert.ok(pauses[i]! >= leastMs, `pause ${i + 1} was ${pauses[i]} ms`);
  }
});

test('stop does not wait for the end of a pause', async () => {
  await using log = open(newPath());
  let attempts = 0;
  await log.append('messages', 'k', event('1'));
  const consumer = await log.consume('messages', async () => {
    attempts += 1;
    throw new Error('the handler fails');
  });
  await until(() => attempts === 4);
  const stopping = performance.now();
  await consumer.stop();
  assert.ok(performance.now() - stopping < 700, 'the fourth pause takes 800 ms');
});

test('what is done is saved soon without an append, and then no longer in the file', async () => {
  const path = newPath();
  await using log = open(path);
  await Promise.all(Array.from({ length: 20 }, (_, i) => log.append('messages', 'k', event(String(i)))));
  assert.deepEqual(eventsIn(path), 20);
  await take(log, 20);
  await until(() => eventsIn(path) === 0);
});

test('what was done before disposal does not come again', async () => {
  const path = newPath();
  const first = open(path);
  await first.append('messages', 'k', event('done'));
  await take(first, 1);
  await first[Symbol.asyncDispose]();
  await using second = open(path);
  await second.append('messages', 'k', event('new'));
  const [record] = await take(second, 1);
  assert.deepEqual(record?.event, event('new'));
});

test('disposal waits for the handler at work, which may still append', async () => {
  const path = newPath();
  const log = open(path);
  await log.append('messages', 'k', event('1'));
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  await log.consume('messages', async () => {
    started.resolve();
    await finish.promise;
    await log.append('dead_letters', 'k', {
      v: 1,
      kind: 'dead_letter',
      reason: 'failed',
      detail: '',
      time: 1,
      event: 1,
    });
  });
  await started.promise;
  const disposing = log[Symbol.asyncDispose]();
  finish.resolve();
  await disposing;
  await using again = open(path);
  assert.equal((await again.lag('messages'))[0]?.lag, 0);
  assert.equal((await again.lag('dead_letters'))[0]?.lag, 1);
});

test('the age of the oldest event is counted from its append', async () => {
  let now = 1000;
  await using log = open(newPath(), { now: () => now });
  await log.append('messages', 'k', event('1'));
  now = 5000;
  await log.append('messages', 'k', event('2'));
  now = 5500;
  assert.deepEqual(await log.lag('messages'), [{ partition: 0, lag: 2, oldestAgeMs: 4500 }]);
});

test('events that cannot be read are reported, and not skipped', async () => {
  const path = newPath();
  const log = open(path);
  await Promise.all(Array.from({ length: 500 }, (_, i) => log.append('messages', 'k', event(`number ${i}`))));
  await log[Symbol.asyncDispose]();
  damagePageOf(path, 'number 250');
  const reported: unknown[] = [];
  await using damaged = open(path, { batchMax: 50, onReadError: (error) => reported.push(error) });
  let handled = 0;
  await damaged.consume('messages', async ({ records }) => {
    handled += records.length;
  });
  await until(() => reported.length === 2);
  assert.match(String(reported[0]), /malformed/);
  assert.ok(handled >= 50 && handled <= 250, `${handled} were handled`);
});

type Options = Partial<Parameters<typeof createSqliteEventLog>[0]>;

function open(path: string, options: Options = {}): EventLog {
  return createSqliteEventLog({ path, partitions: 1, queueMax: 1000, ...options });
}

function newPath(): string {
  files += 1;
  return join(root, `${files}`, 'event-log.sqlite');
}

function event(content: string): ChatEvent {
  return {
    v: 1,
    kind: 'chat',
    conversation_id: 'p2p:ann:bob',
    msg_id: content,
    sender_id: 'ann',
    msg_type: 1,
    content,
    send_time: 1,
    gateway_id: 'g',
    session_id: 's',
  };
}

async function take(log: EventLog, count: number): Promise<LogRecord<'messages'>[]> {
  const taken: LogRecord<'messages'>[] = [];
  const consumer = await log.consume('messages', async ({ records }) => {
    taken.push(...records);
  });
  await until(() => taken.length >= count);
  await consumer.stop();
  return taken;
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`never: ${condition}`);
    await pause(2);
  }
}

/** Overwrites the kind of the page that holds the text. */
function damagePageOf(path: string, text: string): void {
  const bytes = readFileSync(path);
  const page = Math.floor(bytes.indexOf(text) / PAGE_BYTES);
  assert.ok(page > 0);
  bytes[page * PAGE_BYTES] = 0xff;
  writeFileSync(path, bytes);
}

/** Counts the events in a copy of the file, which is itself locked. */
function eventsIn(path: string): number {
  const copy = join(root, 'copy', 'event-log.sqlite');
  rmSync(join(root, 'copy'), { recursive: true, force: true });
  mkdirSync(join(root, 'copy'));
  for (const suffix of ['', '-wal']) {
    if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  }
  const db = new DatabaseSync(copy);
  const count = Number(db.prepare('SELECT count(*) AS n FROM event').get()?.n);
  db.close();
  return count;
}
