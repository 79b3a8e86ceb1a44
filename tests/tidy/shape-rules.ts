import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ESTree, Visitor } from 'vite';
import { isTest, lineAt, PROJECT, type Problem, type Rule } from './source.ts';

const FILE_LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
/** The entry stays a table of contents. */
const MAIN_LINES_MAX = 60;

/** Folders in which every name is ours to choose. */
const OUR_NAMES = /^(src|tests|docs|loadtest|scripts)\//;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/;
/** Words that say nothing about what a file holds. */
const EMPTY_WORDS = /(^|-)(manager|helper|util|service)s?(-|\.|$)/;

export const shortFiles: Rule = ({ path: name, text }) => {
  const max = name === 'src/main.ts' ? MAIN_LINES_MAX : FILE_LINES_MAX;
  if (!/\.(tsx?|css|html|sh)$/.test(name)) return [];
  const lines = text.trimEnd().split('\n').length;
  return lines > max ? [{ at: 0, what: `${lines} lines, at most ${max}` }] : [];
};

/** In tests, where suites are functions around tests, the functions inside are not counted with the one around them. */
export const shortFunctions: Rule = (source) => {
  const open: { node: ESTree.Node; inside: number }[] = [];
  const problems: Problem[] = [];
  const linesOf = (node: ESTree.Node) => lineAt(source, node.end) - lineAt(source, node.start) + 1;
  const enter = (node: ESTree.Node) => {
    open.push({ node, inside: 0 });
  };
  const leave = (node: ESTree.Node) => {
    const { inside } = open.pop()!;
    const around = open.at(-1);
    if (around) around.inside += linesOf(node);
    const lines = linesOf(node) - (isTest(source) ? inside : 0);
    if (lines > FUNCTION_LINES_MAX) {
      problems.push({ at: node.start, what: `a function of ${lines} lines, at most ${FUNCTION_LINES_MAX}` });
    }
  };
  if (source.program) {
    new Visitor({
      FunctionDeclaration: enter,
      'FunctionDeclaration:exit': leave,
      FunctionExpression: enter,
      'FunctionExpression:exit': leave,
      ArrowFunctionExpression: enter,
      'ArrowFunctionExpression:exit': leave,
    }).visit(source.program);
  }
  return problems;
};

export const namedExports: Rule = ({ program }) => {
  const problems: Problem[] = [];
  if (!program) return problems;
  new Visitor({
    ExportDefaultDeclaration: ({ start }) => {
      problems.push({ at: start, what: 'a default export' });
    },
    ExportSpecifier: ({ start, exported }) => {
      const name = exported.type === 'Identifier' ? exported.name : exported.value;
      if (name === 'default') problems.push({ at: start, what: 'a default export' });
    },
  }).visit(program);
  return problems;
};

/** An `index.ts` is only for who is outside; inside, a name is imported from the file that defines it. */
export const noBarrels: Rule = ({ path: name, program }) => {
  if (!program || publicEntries().includes(name)) return [];
  const problems: Problem[] = [];
  if (/^index\.tsx?$/.test(path.posix.basename(name))) {
    problems.push({ at: 0, what: 'an index that package.json does not export' });
  }
  const passOn = ({ start, source }: { start: number; source: ESTree.StringLiteral | null }) => {
    if (source?.value.startsWith('.')) problems.push({ at: start, what: `passes on ${source.value}` });
  };
  new Visitor({ ExportAllDeclaration: passOn, ExportNamedDeclaration: passOn }).visit(program);
  return problems;
};

/** The files that `exports` of package.json names. */
function publicEntries(): string[] {
  const { exports: entries } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8'));
  return [...JSON.stringify(entries ?? {}).matchAll(/"\.\/(src\/[^"]+)"/g)].map((match) => match[1]!);
}

export const tellingNames: Rule = ({ path: name }) => {
  if (!OUR_NAMES.test(name)) return [];
  const segments = name.split('/');
  const odd = segments.find((segment) => segment !== 'README.md' && !KEBAB_CASE.test(segment));
  if (odd !== undefined) return [{ at: 0, what: `${odd} is not in kebab-case` }];
  const empty = segments.find((segment) => EMPTY_WORDS.test(segment));
  return empty === undefined ? [] : [{ at: 0, what: `${empty} does not say what is in it` }];
};
