import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RULES, type RuleName } from './rules.ts';
import { type Problem, parseSource, type Rule } from './source.ts';
import { noPathOf } from './text-rules.ts';

/** Each rule, with files that break it and files beside them that do not: path, then text. */
const CASES: Record<RuleName, { breaks: [string, string][]; keeps: [string, string][] }> = {
  'one-way imports': {
    breaks: [
      ['src/protocol/a.ts', "import { b } from '../ports/b.ts';"],
      ['src/ports/a.ts', "export type { B } from '../gateway/b.ts';"],
      ['src/gateway/a.ts', "import type { B } from '../adapters/sqlite/b.ts';"],
      ['src/gateway/http/a.ts', "import { b } from '../../worker/b.ts';"],
      ['src/worker/a.ts', "export * from '../gateway/b.ts';"],
      ['src/worker/a.ts', "const b = await import('../roles/b.ts');"],
      ['src/adapters/sqlite/a.ts', "let b: import('../../config/b.ts').B;"],
      ['src/sdk/a.ts', "import { b } from '../gateway/b.ts';"],
      ['src/sdk/a.ts', "import fs from 'node:fs';"],
      ['src/web/a.tsx', "import { b } from '../config/b.ts';"],
      ['src/cli/a.ts', "import { b } from '../roles/b.ts';"],
      ['src/gateway/a.ts', "import { b } from '../../tests/b.ts';"],
      ['src/elsewhere/a.ts', 'export const a = 1;'],
    ],
    keeps: [
      ['src/gateway/http/a.ts', "import { b } from '../chat.ts'; import { c } from '../../ports/c.ts';"],
      ['src/roles/a.ts', "import { b } from '../adapters/sqlite/b.ts'; import { d } from 'node:path';"],
      ['src/gateway/a.test.ts', "import { b } from '../adapters/memory/b.ts';"],
      ['src/cli/a.ts', "import { b } from '../sdk/b.ts'; import { c } from '../config/c.ts';"],
      ['src/main.ts', "import { b } from './roles/b.ts'; import { fastify } from 'fastify';"],
    ],
  },
  'short files': {
    breaks: [
      ['src/a.ts', lines(401)],
      ['src/web/a.css', lines(401)],
      ['src/main.ts', lines(61)],
    ],
    keeps: [
      ['src/a.ts', lines(400)],
      ['src/main.ts', lines(60)],
      ['docs/a.md', lines(401)],
    ],
  },
  'short functions': {
    breaks: [
      ['src/a.ts', `function a() {\n${lines(69)}}`],
      ['src/a.ts', `const a = () => {\n${lines(69)}};`],
      ['src/a.ts', `class A { a() {\n${lines(69)}} }`],
      ['src/a.ts', `function a() {\n${lines(30)} function b() {\n${lines(36)}}\n\n}`],
      ['src/a.test.ts', `test('a', () => {\n${lines(69)}});`],
    ],
    keeps: [
      ['src/a.ts', `function a() {\n${lines(68)}}`],
      [
        'src/a.test.ts',
        `describe('a', () => {\ntest('b', () => {\n${lines(40)}});\ntest('c', () => {\n${lines(40)}});\n});`,
      ],
    ],
  },
  'named exports': {
    breaks: [
      ['src/a.ts', 'export default 1;'],
      ['src/a.ts', 'const a = 1;\nexport { a as default };'],
      ['src/a.ts', "export { default } from 'b';"],
    ],
    keeps: [['src/a.ts', "import fs from 'node:fs';\nexport const a = fs;\nexport { a as b };"]],
  },
  'no barrels': {
    breaks: [
      ['src/gateway/index.ts', 'export const a = 1;'],
      ['src/gateway/a.ts', "export { b } from './b.ts';"],
      ['src/gateway/a.ts', "export * from './b.ts';"],
    ],
    keeps: [
      ['src/sdk/index.ts', "export { b } from './b.ts';"],
      ['src/telemetry/a.ts', "export type { Logger } from 'pino';\nexport const a = 1;"],
    ],
  },
  'telling names': {
    breaks: [
      ['src/gateway/chatHandler.ts', ''],
      ['src/Gateway/chat.ts', ''],
      ['docs/Read_Me.md', ''],
      ['src/gateway/chat-utils.ts', ''],
      ['src/message-manager/a.ts', ''],
    ],
    keeps: [
      ['src/gateway/http/chat.test.ts', ''],
      ['docs/decisions/0001-toolchain.md', ''],
      ['docs/decisions/README.md', ''],
      ['src/web/vite.config.ts', ''],
      ['README.md', ''],
    ],
  },
  'environment read once': {
    breaks: [
      ['src/gateway/a.ts', 'const a = process.env.PORT;'],
      ['src/gateway/a.ts', "const a = globalThis.process['env'];"],
      ['src/main.ts', 'const { env } = process;'],
      ['src/cli/a.ts', "import { env as e } from 'node:process';"],
    ],
    keeps: [
      ['src/config/a.ts', 'const a = process.env.PORT;'],
      ['tests/a.ts', 'const a = process.env;'],
      ['src/main.ts', "process.on('SIGTERM', () => process.exit(1)); const a = { env: {} }; a.env;"],
    ],
  },
  'codes by name': {
    breaks: [
      ['src/gateway/a.ts', 'socket.close(4413);'],
      ['src/gateway/a.ts', 'const x = 404;'],
      ['src/gateway/a.ts', 'reply.code(400);'],
      ['src/gateway/a.ts', 'socket.close(500);'],
      ['src/gateway/a.ts', 'if (error.statusCode >= 500) a();'],
      ['src/gateway/a.ts', 'if (400 === packet.code) a();'],
      ['src/gateway/a.ts', 'switch (code) { case 400: a(); }'],
      ['src/gateway/a.ts', 'const response = { 400: a };'],
      ['src/gateway/a.ts', 'const answer = { cmd: 2, code: 500 };'],
      ['src/gateway/a.ts', 'answer.status = 500;'],
      ['src/gateway/a.ts', 'const errorCode = 400;'],
    ],
    keeps: [
      ['src/protocol/codes.ts', 'export const CODES = { a: { code: 400 } };'],
      ['src/gateway/a.ts', 'const WAITING_MAX = 400; const BUCKETS = [100, 500]; take(500); a === 400;'],
      ['src/gateway/a.ts', "reply.code(201); socket.close(CLOSES.restart.code); const s = '404';"],
      ['src/gateway/a.test.ts', 'assert.equal(status, 404);'],
    ],
  },
  'nothing unfinished': {
    breaks: [
      ['src/a.ts', `// ${'TO'}DO: later\n`],
      ['docs/a.md', `${'FIX'}ME\n`],
    ],
    keeps: [['src/a.ts', "const todos = ['todo'];"]],
  },
  'no path of a machine': {
    breaks: [
      ['docs/a.md', `see ${'/ho'}me/jane/seqline`],
      ['src/a.ts', `const a = '${'/Us'}ers/jane';`],
      ['Makefile', 'cd /srv/build/seqline && make'],
    ],
    keeps: [
      ['docs/a.md', 'https://example.com/home/jane and ./data and /v1/users/:id and /app/x'],
      ['src/a.ts', "app.get('/home/', page);"],
    ],
  },
};

describe('the rules', () => {
  for (const [rule, { breaks, keeps }] of Object.entries(CASES) as [RuleName, (typeof CASES)[RuleName]][]) {
    test(`"${rule}" finds what breaks it, and nothing else`, () => {
      for (const [path, text] of breaks) {
        assert.notDeepEqual(check(rule, path, text), [], `passed: ${path}\n${text}`);
      }
      for (const [path, text] of keeps) assert.deepEqual(check(rule, path, text), [], `${path}\n${text}`);
    });
  }
});

function check(rule: RuleName, path: string, text: string): Problem[] {
  const inUse: Rule = rule === 'no path of a machine' ? noPathOf(['/srv/build', '/app']) : RULES[rule];
  return inUse(parseSource(path, text));
}

function lines(count: number): string {
  return '// line\n'.repeat(count);
}
