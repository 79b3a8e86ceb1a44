import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DASHBOARDS } from './all.ts';
import { toJson } from './dashboard.ts';

const DIR = path.join(import.meta.dirname, '../dashboards');

rmSync(DIR, { recursive: true, force: true });
mkdirSync(DIR);
for (const dashboard of DASHBOARDS) {
  writeFileSync(path.join(DIR, `${dashboard.uid}.json`), `${JSON.stringify(toJson(dashboard), null, 2)}\n`);
}
