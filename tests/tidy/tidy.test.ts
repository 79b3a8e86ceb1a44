import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ALLOWED } from './allowed.ts';
import { RULES, type RuleName } from './rules.ts';
import { lineAt, projectSources, type Source } from './source.ts';

const sources = projectSources();
const ruleNames = Object.keys(RULES) as RuleName[];

describe('the project is tidy', () => {
  test('all of it is looked at', () => {
    const paths = sources.map((source) => source.path);
    for (const path of ['src/main.ts', 'tests/tidy/tidy.test.ts', '.ci/run', 'README.md', 'package.json']) {
      assert(paths.includes(path), path);
    }
  });

  for (const rule of ruleNames) {
    test(rule, () => {
      const broken = sources.flatMap((source) => (isAllowed(rule, source) ? [] : findings(rule, source)));
      assert.deepEqual(broken, []);
    });
  }

  test('every exception is still needed', () => {
    const idle = ALLOWED.filter(({ rule, path }) => {
      const source = sources.find((candidate) => candidate.path === path);
      return !source || findings(rule, source).length === 0;
    });
    assert.deepEqual(idle, []);
  });
});

function isAllowed(rule: RuleName, source: Source): boolean {
  return ALLOWED.some((exception) => exception.rule === rule && exception.path === source.path);
}

function findings(rule: RuleName, source: Source): string[] {
  return RULES[rule](source).map(({ at, what }) => `${source.path}:${lineAt(source, at)}: ${what}`);
}
