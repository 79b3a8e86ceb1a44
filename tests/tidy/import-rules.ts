import path from 'node:path';
import { type ESTree, Visitor } from 'vite';
import { isTest, type Problem, type Rule, type Source } from './source.ts';

/**
 * What each part of `src/` may import beside itself. Imports point one way: protocol, ports, the core, roles, main. The
 * core knows no adapter, and what runs at a client knows nothing of the server but the protocol. Of the ports the
 * command line needs one, for its `admin`; main hands it in.
 */
const MAY_IMPORT: Record<string, string[]> = {
  protocol: [],
  telemetry: ['protocol'],
  config: ['protocol'],
  ports: ['protocol'],
  adapters: ['protocol', 'ports', 'telemetry'],
  gateway: ['protocol', 'ports', 'telemetry', 'config'],
  worker: ['protocol', 'ports', 'telemetry', 'config'],
  controller: ['protocol', 'ports', 'telemetry', 'config'],
  roles: ['protocol', 'ports', 'telemetry', 'config', 'adapters', 'gateway', 'worker', 'controller'],
  sdk: ['protocol'],
  web: ['protocol', 'sdk'],
  cli: ['protocol', 'ports', 'sdk', 'config'],
  main: ['config', 'telemetry', 'roles', 'cli'],
};

/** Parts that run in browsers too. */
const IN_BROWSERS = ['protocol', 'sdk', 'web'];

/** Tests stand outside of the layers: they may put together what they need. */
export const oneWayImports: Rule = (source) => {
  const part = partOf(source.path);
  if (part === undefined || isTest(source)) return [];
  const allowed = MAY_IMPORT[part];
  if (!allowed) return [{ at: 0, what: `src/${part} has no place among the layers: see MAY_IMPORT` }];
  return importsOf(source).flatMap(({ at, specifier }): Problem[] => {
    if (specifier.startsWith('node:')) {
      return IN_BROWSERS.includes(part)
        ? [{ at, what: `${part} runs in browsers, without ${specifier}` }]
        : [];
    }
    if (!specifier.startsWith('.')) return [];
    const target = path.posix.join(path.posix.dirname(source.path), specifier);
    const targetPart = partOf(target);
    if (targetPart === part || (targetPart !== undefined && allowed.includes(targetPart))) return [];
    return [{ at, what: `${part} may not import ${target}` }];
  });
};

/** `src/gateway/chat.ts` is of `gateway`, `src/main.ts` of `main`; undefined outside of `src/`. */
function partOf(name: string): string | undefined {
  return /^src\/([^/]+?)(\/|\.ts$)/.exec(name)?.[1];
}

function importsOf({ program }: Source): { at: number; specifier: string }[] {
  if (!program) return [];
  const found: { at: number; specifier: string }[] = [];
  const add = (node: ESTree.Node, source: ESTree.Node | null) => {
    if (source?.type === 'Literal') found.push({ at: node.start, specifier: String(source.value) });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source),
    ExportNamedDeclaration: (node) => add(node, node.source),
    ExportAllDeclaration: (node) => add(node, node.source),
    ImportExpression: (node) => add(node, node.source),
    TSImportType: (node) => add(node, node.source),
  }).visit(program);
  return found;
}
