/**
 * A process that the tests of faults kill or starve: `node sqlite-child.ts <task> <directory>`. It writes one line to
 * stdout for each thing that has succeeded.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteEventLog } from '../../src/adapters/sqlite/sqlite-event-log.ts';
import { createSqliteTimeline } from '../../src/adapters/sqlite/sqlite-timeline.ts';
import { chatEvent, newMessage } from '../contract/samples.ts';

const STDOUT = 1;
const [task, directory = ''] = process.argv.slice(2);

if (task === 'append') await append();
else if (task === 'store') await store();
else if (task === 'hold') hold();
else throw new Error(`no such task: ${task}`);

function tell(line: string): void {
  writeSync(STDOUT, `${line}\n`);
}

function openLog() {
  return createSqliteEventLog({ path: join(directory, 'event-log.sqlite'), partitions: 2, queueMax: 1000 });
}

/** Appends numbered events for ever, ten at a time; the name of the error, if one is refused, is the last line. */
async function append(): Promise<void> {
  const log = openLog();
  for (let first = 1; ; first += 10) {
    const numbers = Array.from({ length: 10 }, (_, i) => first + i);
    const appended = numbers.map((number) =>
      log.append('messages', 'k', chatEvent({ content: String(number) })),
    );
    const failed = (await Promise.allSettled(appended)).find((result) => result.status === 'rejected');
    if (failed) return tell(failed.reason.name);
    tell(String(numbers.at(-1)));
  }
}

/** Stores batches of three for ever. */
async function store(): Promise<void> {
  const timeline = createSqliteTimeline({ path: join(directory, 'timeline.sqlite') });
  for (;;) {
    const stored = await timeline.store([newMessage(), newMessage(), newMessage()], async () => {});
    tell(String(stored.at(-1)?.seq));
  }
}

/** Keeps both files open. */
function hold(): void {
  const held = [openLog(), createSqliteTimeline({ path: join(directory, 'timeline.sqlite') })];
  tell('open');
  setInterval(() => held, 60_000);
}
