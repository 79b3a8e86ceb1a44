import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type ESTree, parseSync } from 'vite';

/** One file of the project as the rules see it. */
export interface Source {
  /** From the project's folder, with slashes. */
  path: string;
  text: string;
  /** Undefined where it is no TypeScript. */
  program: ESTree.Program | undefined;
}

/** What is wrong, and where. */
export interface Problem {
  /** Offset in the text. */
  at: number;
  what: string;
}

export type Rule = (source: Source) => Problem[];

export const PROJECT = path.resolve(import.meta.dirname, '../..');

/** Made by tools or by running, and not ours to keep tidy. */
const NOT_OURS = [
  'node_modules',
  'dist',
  'data',
  'coverage',
  'results',
  '.git',
  'package-lock.json',
  'LICENSE',
  'schemas',
];
const BINARY = /\.(png|jpg|gif|webp|ico|woff2|sqlite(-wal|-shm)?)$/;

export function projectSources(): Source[] {
  const names = globSync(['**/*', '.*', '.ci/**/*', '.github/**/*'], {
    cwd: PROJECT,
    exclude: (entry) => NOT_OURS.includes(entry.name),
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile() && !BINARY.test(entry.name))
    .map((entry) =>
      path.relative(PROJECT, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/'),
    );
  return names.sort().map((name) => parseSource(name, readFileSync(path.join(PROJECT, name), 'utf8')));
}

export function parseSource(name: string, text: string): Source {
  if (!/\.tsx?$/.test(name)) return { path: name, text, program: undefined };
  const { program, errors } = parseSync(name, text);
  if (errors.length > 0) throw new Error(`${name} cannot be parsed: ${errors[0]!.message}`);
  return { path: name, text, program };
}

export function lineAt(source: Source, offset: number): number {
  return source.text.slice(0, offset).split('\n').length;
}

/** Tests, and what only they use. */
export function isTest({ path: name }: Source): boolean {
  return name.startsWith('tests/') || /\.test\.tsx?$/.test(name);
}
