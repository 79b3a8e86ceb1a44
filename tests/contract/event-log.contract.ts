import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import type { Batch, EventLog, LogRecord } from '../../src/ports/event-log.ts';
import { chatEvent, range } from './samples.ts';
import { createGate, until } from './wait.ts';

export interface EventLogFixture extends AsyncDisposable {
  log: EventLog;
  partitions: number;
  queueMax: number;
  /** Disposes of the log and opens the same one again. */
  reopen(): Promise<EventLog>;
}

/** What every event log does. `open` gives an empty one. */
export function eventLogContract(name: string, open: () => Promise<EventLogFixture>): void {
  describe(`event log contract: ${name}`, () => {
    appending(open);
    consuming(open);
    redelivering(open);
    measuring(open);
    surviving(open);
  });
}

type Open = () => Promise<EventLogFixture>;
type Messages = LogRecord<'messages'>;

function appending(open: Open): void {
  test('an appended event is handed out as it was, with its key', async () => {
    await using fixture = await open();
    const event = chatEvent({ content: 'zoë \u{1f600} "quoted" \\ \u0000 \u2028 end ', client_time: 12 });
    await fixture.log.append('messages', event.conversation_id, event);
    const { records } = await collect(fixture.log, 1);
    const [record] = records as [Messages];
    assert.equal(record.key, event.conversation_id);
    assert.deepEqual(record.event, event);
    assert.deepEqual(JSON.parse(record.raw), event);
  });

  test('events of one key keep the order in which append was called', async () => {
    await using fixture = await open();
    const count = Math.min(500, fixture.queueMax);
    const appended = range(1, count).map((i) =>
      fixture.log.append('messages', 'p2p:a:b', chatEvent({ content: String(i) })),
    );
    await Promise.all(appended);
    const { records } = await collect(fixture.log, count);
    assert.deepEqual(records.map(contentOf), range(1, count).map(String));
  });

  test('events of one key are all in one partition, and keys spread over partitions', async () => {
    await using fixture = await open();
    for (const round of ['1', '2']) {
      await Promise.all(
        keys(40).map((key) => fixture.log.append('messages', key, chatEvent({ content: round }))),
      );
    }
    const { batches } = await collect(fixture.log, 80);
    const partitionsByKey = new Map<string, Set<number>>();
    for (const { partition, records } of batches) {
      assert.ok(partition >= 0 && partition < fixture.partitions);
      for (const { key } of records)
        partitionsByKey.set(key, (partitionsByKey.get(key) ?? new Set()).add(partition));
    }
    assert.deepEqual(
      [...partitionsByKey.values()].map((set) => set.size),
      keys(40).map(() => 1),
    );
    const used = new Set([...partitionsByKey.values()].flatMap((set) => [...set]));
    assert.ok(used.size > fixture.partitions / 2, `40 keys are in ${used.size} partitions`);
  });

  test('one append more than may wait is refused at once, and the others are in the log', async () => {
    await using fixture = await open();
    const results = await Promise.allSettled(
      range(1, fixture.queueMax + 5).map((i) =>
        fixture.log.append('messages', 'k', chatEvent({ content: String(i) })),
      ),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 5);
    for (const { reason } of refused) assert.ok(reason instanceof StoreUnavailable);
    const { records } = await collect(fixture.log, fixture.queueMax);
    assert.deepEqual(records.map(contentOf), range(1, fixture.queueMax).map(String));
    await fixture.log.append('messages', 'k', chatEvent());
  });

  test('nothing can be appended or consumed after disposal', async () => {
    await using fixture = await open();
    await fixture.log[Symbol.asyncDispose]();
    await assert.rejects(fixture.log.append('messages', 'k', chatEvent()), StoreUnavailable);
    await assert.rejects(
      fixture.log.consume('messages', async () => {}),
      StoreUnavailable,
    );
  });
}

function consuming(open: Open): void {
  test('a consumer that has nothing to do gets what is appended later', async () => {
    await using fixture = await open();
    const contents: string[] = [];
    const consumer = await fixture.log.consume('messages', async (batch) => {
      contents.push(...batch.records.map(contentOf));
    });
    for (const content of ['1', '2', '3']) {
      await fixture.log.append('messages', 'k', chatEvent({ content }));
      await until(`event ${content} has come`, () => contents.includes(content));
    }
    await consumer.stop();
    assert.deepEqual(contents, ['1', '2', '3']);
  });

  test('a batch holds events of one partition in the order of their offsets', async () => {
    await using fixture = await open();
    await Promise.all(keys(50).map((key) => fixture.log.append('messages', key, chatEvent())));
    const { batches } = await collect(fixture.log, 50);
    const lastOffset = new Map<number, number>();
    for (const { partition, records } of batches) {
      assert.ok(records.length > 0);
      for (const { offset } of records) {
        assert.ok(offset > (lastOffset.get(partition) ?? -1), 'offsets grow within a partition');
        lastOffset.set(partition, offset);
      }
    }
  });

  test('two batches of one partition are never at work at once', async () => {
    await using fixture = await open();
    const gate = createGate();
    let atWork = 0;
    let atWorkMost = 0;
    let handled = 0;
    await fixture.log.append('messages', 'k', chatEvent());
    const consumer = await fixture.log.consume('messages', async (batch) => {
      atWork += 1;
      atWorkMost = Math.max(atWorkMost, atWork);
      await gate.opened;
      atWork -= 1;
      handled += batch.records.length;
    });
    await until('the first batch is at work', () => atWork === 1);
    for (let i = 0; i < 5; i++) await fixture.log.append('messages', 'k', chatEvent());
    gate.open();
    await until('all are done', () => handled === 6);
    assert.equal(atWorkMost, 1);
    await consumer.stop();
  });

  test('a consumer owns the partition of the batch that it is given', async () => {
    await using fixture = await open();
    await fixture.log.append('messages', 'k', chatEvent());
    const owned = Promise.withResolvers<boolean>();
    const consumer = await fixture.log.consume('messages', async (batch) => owned.resolve(batch.owned()));
    assert.equal(await owned.promise, true);
    await consumer.stop();
  });

  test('topics are apart from one another', async () => {
    await using fixture = await open();
    await fixture.log.append('messages', 'k', chatEvent({ content: 'mine' }));
    await fixture.log.append('receipts', 'ann', {
      v: 1,
      kind: 'inbox_cursor',
      user_id: 'ann',
      epoch: 'e',
      seq: 7,
      gateway_id: 'g',
      session_id: 's',
    });
    const { records } = await collect(fixture.log, 1);
    assert.deepEqual(records.map(contentOf), ['mine']);
    const receipts: string[] = [];
    const consumer = await fixture.log.consume('receipts', async (batch) => {
      receipts.push(...batch.records.map((record) => record.event!.kind));
    });
    await until('the receipt has come', () => receipts.length > 0);
    await consumer.stop();
    assert.deepEqual(receipts, ['inbox_cursor']);
  });

  test('stop waits for the batch in work, and takes no other', async () => {
    await using fixture = await open();
    const gate = createGate();
    const first: string[] = [];
    await fixture.log.append('messages', 'k', chatEvent({ content: 'in work' }));
    const consumer = await fixture.log.consume('messages', async (batch) => {
      first.push(...batch.records.map(contentOf));
      await gate.opened;
    });
    await until('the batch is in work', () => first.length === 1);
    let stopped = false;
    const stopping = consumer.stop().then(() => {
      stopped = true;
    });
    await fixture.log.append('messages', 'k', chatEvent({ content: 'later' }));
    assert.equal(stopped, false);
    gate.open();
    await stopping;
    const second = await collectUntil(fixture.log, (records) =>
      records.some((r) => contentOf(r) === 'later'),
    );
    assert.deepEqual(first, ['in work']);
    assert.equal(contentOf(second.at(-1)!), 'later');
  });
}

function redelivering(open: Open): void {
  test('events whose handler failed come again, in order, before any that follow', async () => {
    await using fixture = await open();
    await Promise.all(
      range(1, 20).map((i) => fixture.log.append('messages', 'k', chatEvent({ content: String(i) }))),
    );
    const attempts: string[][] = [];
    const done: string[] = [];
    const consumer = await fixture.log.consume('messages', async (batch) => {
      attempts.push(batch.records.map(contentOf));
      if (attempts.length <= 2) throw new Error('the handler fails');
      done.push(...batch.records.map(contentOf));
    });
    await until('it was tried again', () => attempts.length >= 2);
    await fixture.log.append('messages', 'k', chatEvent({ content: '21' }));
    await until('all are done', () => done.length >= 21);
    await consumer.stop();
    for (const attempt of attempts.slice(0, 3)) assert.equal(attempt[0], '1');
    assert.deepEqual(done, range(1, 21).map(String));
  });

  test('an event that no handler was done with comes to the next consumer', async () => {
    await using fixture = await open();
    await fixture.log.append('messages', 'k', chatEvent({ content: 'wanted' }));
    let failed = false;
    const failing = await fixture.log.consume('messages', async () => {
      failed = true;
      throw new Error('the handler fails');
    });
    await until('the handler failed', () => failed);
    await failing.stop();
    const { records } = await collect(fixture.log, 1);
    assert.deepEqual(records.map(contentOf), ['wanted']);
  });
}

function measuring(open: Open): void {
  test('lag counts what no handler is done with, in every partition', async () => {
    await using fixture = await open();
    const { log } = fixture;
    const empty = await log.lag('messages');
    assert.deepEqual(
      empty,
      range(0, fixture.partitions - 1).map((partition) => ({ partition, lag: 0, oldestAgeMs: 0 })),
    );
    await Promise.all(keys(30).map((key) => log.append('messages', key, chatEvent())));
    const lags = await log.lag('messages');
    assert.equal(sum(lags.map(({ lag }) => lag)), 30);
    for (const { lag, oldestAgeMs } of lags) assert.ok(oldestAgeMs >= 0 && (lag > 0 || oldestAgeMs === 0));
    await until('the oldest has an age', async () =>
      (await log.lag('messages')).some((l) => l.oldestAgeMs > 0),
    );
    await collect(log, 30);
    await until('nothing is left', async () => (await log.lag('messages')).every((l) => l.lag === 0));
  });

  test('dead letters are kept', async () => {
    await using fixture = await open();
    const letter = {
      v: 1,
      kind: 'dead_letter',
      reason: 'failed',
      detail: 'why',
      time: 1,
      event: { a: 1 },
    } as const;
    await fixture.log.append('dead_letters', 'k', letter);
    const log = await fixture.reopen();
    assert.equal(sum((await log.lag('dead_letters')).map(({ lag }) => lag)), 1);
    const read = Promise.withResolvers<unknown>();
    const consumer = await log.consume('dead_letters', async (batch) =>
      read.resolve(batch.records[0]!.event),
    );
    assert.deepEqual(await read.promise, letter);
    await consumer.stop();
  });
}

function surviving(open: Open): void {
  test('what was appended is handed out after the log was opened again', async () => {
    await using fixture = await open();
    await Promise.all(
      range(1, 50).map((i) => fixture.log.append('messages', 'k', chatEvent({ content: String(i) }))),
    );
    const log = await fixture.reopen();
    const { records } = await collect(log, 50);
    assert.deepEqual(records.map(contentOf), range(1, 50).map(String));
  });

  test('what was appended while handlers failed is handed out after the log was opened again', async () => {
    await using fixture = await open();
    await fixture.log.append('messages', 'k', chatEvent({ content: 'before' }));
    let failed = false;
    await fixture.log.consume('messages', async () => {
      failed = true;
      throw new Error('the handler fails');
    });
    await until('the handler failed', () => failed);
    await fixture.log.append('messages', 'k', chatEvent({ content: 'after' }));
    const log = await fixture.reopen();
    const { records } = await collect(log, 2);
    assert.deepEqual(records.map(contentOf), ['before', 'after']);
  });

  test('offsets go on growing after the log was opened again', async () => {
    await using fixture = await open();
    await fixture.log.append('messages', 'k', chatEvent());
    const before = (await collect(fixture.log, 1)).records.at(-1)!;
    await until('nothing is left', async () => (await fixture.log.lag('messages')).every((l) => l.lag === 0));
    const log = await fixture.reopen();
    await log.append('messages', 'k', chatEvent({ content: 'next' }));
    const records = await collectUntil(log, (found) => found.some((record) => contentOf(record) === 'next'));
    assert.ok(records.at(-1)!.offset > before.offset);
  });
}

interface Collected {
  batches: Batch<'messages'>[];
  records: Messages[];
}

/** Consumes messages until there are `count`, and is done with them. */
async function collect(log: EventLog, count: number): Promise<Collected> {
  const batches: Batch<'messages'>[] = [];
  const seen = () => batches.flatMap(({ records }) => records);
  const consumer = await log.consume('messages', async (batch) => {
    batches.push(batch);
  });
  await until(`${count} events have come`, () => seen().length >= count);
  await consumer.stop();
  assert.equal(seen().length, count);
  return { batches, records: seen() };
}

/** Consumes messages until the condition holds. Earlier ones may come again. */
async function collectUntil(log: EventLog, condition: (records: Messages[]) => boolean): Promise<Messages[]> {
  const records: Messages[] = [];
  const consumer = await log.consume('messages', async (batch) => {
    records.push(...batch.records);
  });
  await until('the events have come', () => condition(records));
  await consumer.stop();
  return records;
}

function contentOf(record: Messages): string {
  assert.ok(record.event?.kind === 'chat');
  return record.event.content;
}

function keys(count: number): string[] {
  return range(1, count).map((i) => `p2p:user${i}:user${i + 1}`);
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
