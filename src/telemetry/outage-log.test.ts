import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../ports/errors.ts';
import type { Logger } from './logger.ts';
import { createOutageLog } from './outage-log.ts';

test('an outage is told once in ten seconds for each store, with the count between', () => {
  const lines: [string, number][] = [];
  const warn = (line: { store: string; refused_since_last_line: number }) =>
    lines.push([line.store, line.refused_since_last_line]);
  let now = 0;
  const told = createOutageLog({ warn } as unknown as Logger, () => now);
  for (let i = 0; i < 5; i++) told(new StoreUnavailable('mysql', 'away'));
  told(new StoreUnavailable('redis', 'away'));
  now = 10_000;
  told(new StoreUnavailable('mysql', 'away'));
  assert.deepEqual(lines, [
    ['mysql', 0],
    ['redis', 0],
    ['mysql', 4],
  ]);
});
