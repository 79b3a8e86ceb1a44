import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { valuesTable } from './values-table.ts';

/** Writes the table of values into the chart's README; a test holds the two equal. */
const chart = path.join(import.meta.dirname, '../charts/seqline');
const readme = path.join(chart, 'README.md');
const table = valuesTable(readFileSync(path.join(chart, 'values.yaml'), 'utf8'));
const text = readFileSync(readme, 'utf8');
writeFileSync(
  readme,
  text.replace(
    /(<!-- values -->\n)[\s\S]*(<!-- \/values -->)/,
    (_, begin, end) => `${begin}\n${table}\n${end}`,
  ),
);
