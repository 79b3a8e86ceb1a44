import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuriedEvent, Operations } from '../ports/operations.ts';
import { parseAdmin, UsageError } from './admin-arguments.ts';
import { helpOf } from './help.ts';

const WRONG: [string, RegExp][] = [
  ['', /no command admin$/],
  ['constructor', /no command admin constructor/],
  ['dlq', /no command admin dlq/],
  ['dlq drop 1', /no command admin dlq drop 1/],
  ['lag now', /now is too much/],
  ['lag --yes', /admin lag has no option --yes/],
  ['lag --faster', /--faster/],
  ['dlq list --limit 0', /--limit is an integer from 1/],
  ['dlq list --from x', /x is no offset/],
  ['dlq list --reason because', /because is no reason. Reasons: conflict/],
  ['dlq show', /one operand/],
  ['dlq show -1', /-1/],
  ['dlq replay', /one operand/],
  ['dlq replay 1 2', /one operand/],
  ['dlq replay 1 --all', /1 is too much/],
  ['dlq replay 1 --reason failed', /choose among --all/],
  ['routes', /one operand/],
  ['routes a:b', /a:b is no user id/],
  ['inbox rebuild', /one operand/],
  ['conversation p2p:bob:ada', /users ascending/],
];

for (const [line, expected] of WRONG) {
  test(`"admin ${line}" is refused before anything is opened`, () => {
    const args = line.split(' ').filter(Boolean);
    assert.throws(
      () => parseAdmin(args),
      (error) => error instanceof UsageError && expected.test(error.message),
    );
  });
}

test('every command has its own help', () => {
  for (const area of ['lag', 'dlq', 'routes', 'inbox', 'conversation']) {
    assert.match(helpOf('admin', area), new RegExp(`^Usage: seqline admin ${area} `));
  }
  assert.match(helpOf('admin', '--help'), /^Usage: seqline admin <command>/);
});

function letterAt(offset: number): BuriedEvent {
  return {
    offset,
    key: 'p2p:ada:bob',
    time: 0,
    reason: offset % 2 ? 'failed' : 'conflict',
    detail: '',
    event: {},
    kind: 'chat',
    replayTo: offset === 3 ? null : 'messages',
  };
}

/** Operations on letters 1 to 5 that write down what is done; the rest is never called. */
function operationsOnLetters(failAt?: number) {
  const done: (number | string)[] = [];
  const operations = {
    async deadLetters(from: number | 'newest', limit: number) {
      const start = from === 'newest' ? 6 - limit : Math.max(1, from);
      const letters = [1, 2, 3, 4, 5].filter((offset) => offset >= start).slice(0, limit);
      return { letters: letters.map(letterAt), next: null };
    },
    async replay({ offset }: BuriedEvent) {
      if (offset === failAt) throw new Error('out of reach');
      done.push(offset);
    },
    async inbox() {
      return { epoch: 'old', seq: 1, length: 1 };
    },
    async rebuildInbox(userId: string) {
      done.push(userId);
      return { epoch: 'new', seq: 0 };
    },
  } as unknown as Operations;
  return { done, run: (line: string) => parseAdmin(line.split(' ')).run(operations) };
}

test('nothing is changed without --yes', async () => {
  const { done, run } = operationsOnLetters();
  for (const line of ['dlq replay 2', 'dlq replay --all', 'inbox rebuild ada']) {
    assert.match((await run(line)).text, /Nothing was done/);
  }
  assert.deepEqual(done, []);
});

test('a replay takes the one letter, or all of a reason from an offset on, but those of no known kind', async () => {
  const { done, run } = operationsOnLetters();
  await run('dlq replay 2 --yes');
  assert.deepEqual(done.splice(0), [2]);
  await run('dlq replay --all --yes');
  assert.deepEqual(done.splice(0), [1, 2, 4, 5]);
  await run('dlq replay --all --from 2 --reason failed --yes');
  assert.deepEqual(done.splice(0), [5]);
  await run('inbox rebuild ada --yes');
  assert.deepEqual(done, ['ada']);
});

test('a letter that is not there is not replaced by the next one', async () => {
  const { done, run } = operationsOnLetters();
  await assert.rejects(run('dlq replay 0 --yes'), /no dead letter at offset 0/);
  await assert.rejects(run('dlq show 6'), /no dead letter at offset 6/);
  assert.deepEqual(done, []);
});

test('a replay that breaks off says where to go on', async () => {
  const { done, run } = operationsOnLetters(4);
  await assert.rejects(run('dlq replay --all --yes'), /out of reach.*--all --from 4/);
  assert.deepEqual(done, [1, 2]);
});
