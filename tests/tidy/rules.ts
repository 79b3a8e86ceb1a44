import os from 'node:os';
import { codesByName, environmentOnce } from './code-rules.ts';
import { oneWayImports } from './import-rules.ts';
import { namedExports, noBarrels, shortFiles, shortFunctions, tellingNames } from './shape-rules.ts';
import { PROJECT, type Rule } from './source.ts';
import { noPathOf, nothingUnfinished } from './text-rules.ts';

export const RULES = {
  'one-way imports': oneWayImports,
  'short files': shortFiles,
  'short functions': shortFunctions,
  'named exports': namedExports,
  'no barrels': noBarrels,
  'telling names': tellingNames,
  'environment read once': environmentOnce,
  'codes by name': codesByName,
  'nothing unfinished': nothingUnfinished,
  'no path of a machine': noPathOf([PROJECT, os.homedir()]),
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;
