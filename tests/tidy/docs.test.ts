import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { VARIABLES, type Variable } from '../../src/config/variables.ts';
import { PROJECT, projectSources, type Source } from './source.ts';

const pages = projectSources().filter((source) => source.path.endsWith('.md'));

/** Variables whose default follows from something else, which the table says in words. */
const DERIVED = ['GATEWAY_ID', 'AUTH_JWT_SECRET', 'AUTH_DEV_TOKENS'];

describe('the docs', () => {
  test('link to what there is', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter((link) => !leadsSomewhere(page, link))
        .map((link) => `${page.path}: ${link}`),
    );
    assert.deepEqual(broken, []);
  });

  test('name files that there are', () => {
    const missing = pages.flatMap((page) =>
      matches(page.text, /`((?:src|tests|docs|loadtest|scripts)\/[\w./-]*)`/g)
        .filter((name) => !existsSync(path.join(PROJECT, name)))
        .map((name) => `${page.path}: ${name}`),
    );
    assert.deepEqual(missing, []);
  });

  test('name commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8'));
    const makefile = readFileSync(path.join(PROJECT, 'Makefile'), 'utf8');
    const targets = matches(makefile, /^([a-z-]+):.*## /gm);
    const unknown = pages.flatMap((page) => [
      ...matches(page.text, /npm run (?:--silent )?([\w:-]+)/g).filter((name) => !(name in scripts)),
      ...matches(page.text, /`make ([a-z-]+)`/g).filter((name) => !targets.includes(name)),
    ]);
    assert.deepEqual(unknown, []);
    assert.deepEqual(
      matches(makefile, /npm run (?:--silent )?([\w:-]+)/g).filter((name) => !(name in scripts)),
      [],
    );
  });

  test('show every setting, with its default and its meaning', () => {
    const architecture = pages.find((page) => page.path === 'ARCHITECTURE.md')!;
    const rows = [...architecture.text.matchAll(/^\| `([A-Z0-9_]+)` \| (.+?) \| (.+) \|$/gm)];
    const shown = rows.map(([, name, fallback, about]) => ({ name, fallback, about }));
    const settings = Object.entries(VARIABLES).map(([name, variable]: [string, Variable<unknown>], i) => ({
      name,
      fallback: DERIVED.includes(name) ? shown[i]?.fallback : inCode(variable.fallback('standalone')),
      about: variable.about,
    }));
    assert.deepEqual(shown, settings);
  });
});

function inCode(value: string | undefined): string {
  return value ? `\`${value}\`` : '–';
}

function linksOf({ text }: Source): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '');
  return matches(prose, /\]\(([^)\s]+)\)/g).filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(page: Source, link: string): boolean {
  const [target = '', anchor] = link.split('#');
  const file = target === '' ? page.path : path.posix.join(path.posix.dirname(page.path), target);
  if (!existsSync(path.join(PROJECT, file))) return false;
  if (anchor === undefined) return true;
  return anchorsOf(readFileSync(path.join(PROJECT, file), 'utf8')).includes(anchor);
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(text: string): string[] {
  return matches(text, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1]!);
}
