import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSqliteEventLog } from '../../src/adapters/sqlite/sqlite-event-log.ts';
import { createSqliteTimeline } from '../../src/adapters/sqlite/sqlite-timeline.ts';
import { range } from '../contract/samples.ts';
import { until } from '../contract/wait.ts';

const CHILD = fileURLToPath(new URL('sqlite-child.ts', import.meta.url));
/** Kilobytes that a starved child may write into one file. */
const FILE_KB = 600;

const root = mkdtempSync(join(tmpdir(), 'seqline-faults-'));
after(() => rmSync(root, { recursive: true }));

test('every event whose append resolved is in the log after kill -9, in order and without holes', async () => {
  const directory = join(root, 'append');
  const lines = await killAfter(start('append', directory), 30);
  await assertLogHolds(directory, Number(lines.at(-1)));
});

test('every message that was stored is in the timeline after kill -9, and no batch is there in part', async () => {
  const directory = join(root, 'store');
  const lines = await killAfter(start('store', directory), 30);
  await using timeline = createSqliteTimeline({ path: join(directory, 'timeline.sqlite') });
  const { messages, headSeq } = await timeline.page({
    conversationId: 'p2p:ann:bob',
    from: { afterSeq: 0 },
    hiddenThrough: 0,
    limit: 1_000_000,
  });
  assert.ok(headSeq >= Number(lines.at(-1)), `head ${headSeq}, stored ${lines.at(-1)}`);
  assert.equal(headSeq % 3, 0);
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    range(1, headSeq),
  );
  const cursors = await timeline.memberCursors(['p2p:ann:bob'], 2);
  assert.deepEqual(cursors.map(({ own_seq }) => own_seq).sort(), [0, headSeq].sort());
});

test('files that another process has open are refused, and open at once when it was killed', async () => {
  const directory = join(root, 'hold');
  const open = () => [
    () => createSqliteEventLog({ path: join(directory, 'event-log.sqlite'), partitions: 2, queueMax: 1 }),
    () => createSqliteTimeline({ path: join(directory, 'timeline.sqlite') }),
  ];
  const child = start('hold', directory);
  const lines = linesOf(child);
  await until('the child has them open', () => lines.length > 0);
  for (const openOne of open()) assert.throws(openOne, /is open in another process/);
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const openOne of open()) await openOne()[Symbol.asyncDispose]();
});

test('where the disk takes no more, appends are refused as unavailable and the log holds the others', async () => {
  const directory = join(root, 'starved');
  const child = start('append', directory, `trap '' XFSZ; ulimit -f ${FILE_KB * 2};`);
  const lines = linesOf(child);
  await once(child, 'close');
  assert.equal(lines.at(-1), 'StoreUnavailable');
  await assertLogHolds(directory, Number(lines.at(-2)), Number(lines.at(-2)));
});

type Child = ChildProcessByStdio<null, Readable, null>;

/** Starts the child through a shell, which first runs `prepare`, where limits and signals are to be set for it. */
function start(task: string, directory: string, prepare = ''): Child {
  const command = `${prepare} exec "$0" --conditions=seqline-source "$@"`;
  return spawn('sh', ['-c', command, process.execPath, CHILD, task, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function linesOf(child: Child): string[] {
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return lines;
}

/** Kills the child once it has written so many lines, and gives all that it wrote. */
async function killAfter(child: Child, count: number): Promise<string[]> {
  const lines = linesOf(child);
  await until(`the child has done ${count} things`, () => lines.length >= count);
  child.kill('SIGKILL');
  await once(child, 'close');
  return lines;
}

/** The log holds the events 1, 2, 3 … in order, at least to `least` and at most to `most`. */
async function assertLogHolds(
  directory: string,
  least: number,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  const path = join(directory, 'event-log.sqlite');
  await using log = createSqliteEventLog({ path, partitions: 2, queueMax: 1 });
  const lag = (await log.lag('messages')).reduce((total, one) => total + one.lag, 0);
  assert.ok(lag >= least && lag <= most, `${lag} events, ${least} to ${most} expected`);
  const contents: number[] = [];
  await log.consume('messages', async ({ records }) => {
    for (const { event } of records) if (event?.kind === 'chat') contents.push(Number(event.content));
  });
  await until('all events have come', () => contents.length >= lag);
  assert.deepEqual(contents, range(1, lag));
}
