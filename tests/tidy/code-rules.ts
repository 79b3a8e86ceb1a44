import { type ESTree, Visitor } from 'vite';
import { CLOSES, CODES } from '../../src/protocol/codes.ts';
import { isTest, type Problem, type Rule, type Source } from './source.ts';

/** What the server is told comes in through one door, where it is validated. */
export const environmentOnce: Rule = (source) => {
  if (!inServerSource(source) || source.path.startsWith('src/config/')) return [];
  const problems: Problem[] = [];
  const add = (node: ESTree.Node) => {
    problems.push({ at: node.start, what: 'reads the environment, which only src/config/ may' });
  };
  new Visitor({
    MemberExpression: (node) => {
      if (nameOf(node) === 'env' && nameOf(node.object) === 'process') add(node);
    },
    VariableDeclarator: (node) => {
      if (node.id.type !== 'ObjectPattern' || !node.init || nameOf(node.init) !== 'process') return;
      const names = node.id.properties.map((property) =>
        property.type === 'Property' ? nameOf(property.key) : undefined,
      );
      if (names.includes('env')) add(node);
    },
    ImportDeclaration: (node) => {
      if (!/^(node:)?process$/.test(node.source.value)) return;
      const names = node.specifiers.map((specifier) =>
        specifier.type === 'ImportSpecifier' ? nameOf(specifier.imported) : undefined,
      );
      if (names.includes('env')) add(node);
    },
  }).visit(source.program!);
  return problems;
};

const CODE_NUMBERS = new Set<number>(
  [...Object.values(CODES), ...Object.values(CLOSES)].map(({ code }) => code).filter((code) => code !== 0),
);
/** Codes that are also ordinary numbers: these count only where they stand for a code. */
const ROUND_NUMBERS = new Set<number>([CODES.bad_packet.code, CODES.internal.code]);

/** Codes are written as names of the tables in `protocol/codes.ts`, which a test holds equal to the reference. */
export const codesByName: Rule = (source) => {
  if (!inServerSource(source) || source.path === 'src/protocol/codes.ts') return [];
  const problems: Problem[] = [];
  const check = (node: ESTree.Node | null | undefined) => {
    if (node?.type !== 'Literal' || typeof node.value !== 'number' || !ROUND_NUMBERS.has(node.value)) return;
    problems.push({ at: node.start, what: `${node.value} stands for a code: use its name` });
  };
  new Visitor({
    Literal: ({ start, value }) => {
      if (typeof value !== 'number' || !CODE_NUMBERS.has(value) || ROUND_NUMBERS.has(value)) return;
      problems.push({ at: start, what: `${value} is a code: use its name` });
    },
    CallExpression: (node) => {
      if (saysCode(nameOf(node.callee)) || nameOf(node.callee) === 'close') node.arguments.forEach(check);
    },
    BinaryExpression: (node) => {
      if (saysCode(nameOf(node.left))) check(node.right);
      if (saysCode(nameOf(node.right))) check(node.left);
    },
    SwitchStatement: (node) => {
      if (saysCode(nameOf(node.discriminant))) for (const { test } of node.cases) check(test);
    },
    AssignmentExpression: (node) => {
      if (saysCode(nameOf(node.left))) check(node.right);
    },
    VariableDeclarator: (node) => {
      if (saysCode(nameOf(node.id))) check(node.init);
    },
    Property: (node) => {
      if (saysCode(nameOf(node.key))) check(node.value);
      check(node.key);
    },
  }).visit(source.program!);
  return problems;
};

function inServerSource(source: Source): boolean {
  return source.path.startsWith('src/') && source.program !== undefined && !isTest(source);
}

function saysCode(name: string | undefined): boolean {
  return name !== undefined && /(code|status)$/i.test(name);
}

/** `env` of `process.env`, `process['env']` and `env`; undefined where the node has no name. */
function nameOf(node: ESTree.Node): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  return node.type === 'MemberExpression' ? nameOf(node.property) : undefined;
}
