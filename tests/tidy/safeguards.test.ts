import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { SAFEGUARDS, type Safeguard } from '../../scripts/safeguards/table.ts';
import { isTest, PROJECT, projectSources } from './source.ts';

const sources = projectSources();

describe('the table of safeguards', () => {
  test('takes out what stands in the code, once', () => {
    const counts = SAFEGUARDS.map(({ file, text }) => [file, text, textOf(file).split(text).length - 1]);
    assert.deepEqual(
      counts.filter(([, , count]) => count !== 1),
      [],
    );
  });

  test('names tests that there are', () => {
    const tests = sources.filter(isTest);
    const missing = SAFEGUARDS.filter(
      ({ test: { file, name } }) =>
        !tests.some((source) => source.path === file) ||
        !tests.some(({ text }) => text.includes(`test('${name}'`)),
    );
    assert.deepEqual(missing, []);
  });

  test('stands in the docs', () => {
    const rows = textOf('docs/reliability.md')
      .split('\n')
      .filter((line) => /^\| .*`src\//.test(line));
    assert.deepEqual(rows, SAFEGUARDS.map(rowOf));
  });
});

function rowOf({ name, holds, prevents, file, test: { file: testFile, name: testName } }: Safeguard): string {
  return `| ${name} | ${holds} | ${prevents} | \`${file}\` | “${testName}”, \`${testFile}\` |`;
}

function textOf(file: string): string {
  return readFileSync(path.join(PROJECT, file), 'utf8');
}
