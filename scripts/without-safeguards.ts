import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { noOwnRedis } from '../tests/harness/own-redis.ts';
import { SAFEGUARDS, type Safeguard, type TestName } from './safeguards/table.ts';

/**
 * Takes each safeguard of the table out of a copy of the working tree, one at a time, and requires that the test that is
 * to notice it fails, and that it passes where nothing is taken out. Arguments choose rows: those in which one of them
 * occurs.
 */
const PROJECT = path.join(import.meta.dirname, '..');
/** What the tests of the table read. */
const COPIED = ['src', 'tests', 'package.json'];
/** Without its safeguard a test may wait for what never comes; then it has failed. */
const TEST_MS_MAX = 180_000;
/** Of what a failed test says, so much is shown. */
const MESSAGE_CHARS_MAX = 160;

type Outcome = { what: 'passed' | 'did not run' } | { what: 'failed'; message: string };
type Verdict = { what: 'noticed' | 'skipped' | 'WRONG'; why: string };

const words = process.argv.slice(2);
const rows = SAFEGUARDS.filter((row) => words.every((word) => JSON.stringify(row).includes(word)));
const tree = await mkdtemp(path.join(os.tmpdir(), 'seqline-safeguards-'));
const verdicts: Verdict[] = [];
try {
  for (const name of COPIED) await cp(path.join(PROJECT, name), path.join(tree, name), { recursive: true });
  await symlink(path.join(PROJECT, 'node_modules'), path.join(tree, 'node_modules'));
  for (const row of rows) {
    const verdict = await judge(row);
    verdicts.push(verdict);
    console.log(`${row.name}: ${row.holds}
    taken out of  ${row.file}
    test          ${row.test.name} (${row.test.file})
    ${verdict.what.padEnd(13)} ${verdict.why}`);
  }
} finally {
  await rm(tree, { recursive: true });
}
const count = (what: Verdict['what']) => verdicts.filter((verdict) => verdict.what === what).length;
console.log(`${count('noticed')} noticed, ${count('skipped')} skipped, ${count('WRONG')} wrong`);
if (rows.length === 0 || count('WRONG') > 0) process.exitCode = 1;

async function judge({ file, text, instead, test, needs }: Safeguard): Promise<Verdict> {
  if (needs === 'redis-server' && noOwnRedis) return { what: 'skipped', why: noOwnRedis };
  if (needs && needs !== 'redis-server' && !process.env[needs])
    return { what: 'skipped', why: `set ${needs}` };
  const place = path.join(tree, file);
  const whole = await readFile(place, 'utf8');
  const parts = whole.split(text);
  if (parts.length !== 2) return { what: 'WRONG', why: `${text} occurs ${parts.length - 1} times` };
  const before = await outcomeOf(test);
  if (before.what === 'failed') return { what: 'WRONG', why: `fails with the safeguard: ${before.message}` };
  if (before.what === 'did not run') return { what: 'WRONG', why: 'there is no such test' };
  await writeFile(place, parts.join(instead));
  const without = await outcomeOf(test);
  await writeFile(place, whole);
  return without.what === 'failed'
    ? { what: 'noticed', why: without.message }
    : { what: 'WRONG', why: `${without.what} without the safeguard` };
}

/** Of the test itself: a file that cannot be loaded has not run it. */
async function outcomeOf({ file, suite, name }: TestName): Promise<Outcome> {
  const fullName = suite === undefined ? name : `${suite} ${name}`;
  let outcome: Outcome = { what: 'did not run' };
  const events = run({
    cwd: tree,
    files: [path.join(tree, file)],
    execArgv: ['--conditions=seqline-source'],
    testNamePatterns: [new RegExp(`^${fullName.replace(/\W/g, '\\$&')}$`)],
    timeout: TEST_MS_MAX,
  });
  for await (const { type, data } of events) {
    if (type === 'test:pass' && data.name === name && !data.skip) outcome = { what: 'passed' };
    if (type === 'test:fail' && data.name === name) {
      const { message, cause } = data.details.error;
      outcome = { what: 'failed', message: inOneLine(cause instanceof Error ? cause.message : message) };
    }
  }
  return outcome;
}

function inOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, MESSAGE_CHARS_MAX);
}
