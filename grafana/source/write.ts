import { cpSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DASHBOARDS } from './all.ts';
import { toJson } from './dashboard.ts';

const GRAFANA = path.join(import.meta.dirname, '..');
/** Helm packs nothing from outside of the chart, so it has copies. */
const CHART = path.join(GRAFANA, '../charts/seqline');

const dashboards = emptied(path.join(GRAFANA, 'dashboards'));
for (const dashboard of DASHBOARDS) {
  writeFileSync(
    path.join(dashboards, `${dashboard.uid}.json`),
    `${JSON.stringify(toJson(dashboard), null, 2)}\n`,
  );
}
for (const [folder, kind] of [
  ['dashboards', '*.json'],
  ['alerts', '*.yaml'],
] as const) {
  const target = emptied(path.join(CHART, folder));
  for (const name of globSync(kind, { cwd: path.join(GRAFANA, folder) })) {
    cpSync(path.join(GRAFANA, folder, name), path.join(target, name));
  }
}

/** The folder, with nothing in it. */
function emptied(folder: string): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
}
