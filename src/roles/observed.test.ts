import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreConflict, StoreUnavailable } from '../ports/errors.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { observed } from './observed.ts';

const FAILURES = [
  new StoreUnavailable('mysql', 'away'),
  new StoreUnavailable('redis', 'away'),
  new StoreConflict('overtaken'),
  new TypeError('a fault'),
];

test('calls are timed under their name, and only errors of the store itself are counted', async () => {
  const metrics = createMetrics();
  const failures = [...FAILURES];
  const port = observed(
    {
      size: 3,
      async read(key: string) {
        return `value of ${key}`;
      },
      async write() {
        throw failures.shift()!;
      },
    },
    'mysql',
    { metrics },
  );
  assert.equal(port.size, 3);
  assert.equal(await port.read('a'), 'value of a');
  for (const failure of FAILURES) await assert.rejects(port.write(), failure);

  const text = await metrics.register.metrics();
  assert.match(text, /^im_store_command_duration_seconds_count\{store="mysql",command="read"\} 1$/m);
  assert.match(text, /^im_store_command_duration_seconds_count\{store="mysql",command="write"\} 4$/m);
  assert.match(text, /^im_store_errors_total\{store="mysql",reason="unavailable"\} 1$/m);
  assert.match(text, /^im_store_errors_total\{store="mysql",reason="fault"\} 1$/m);
});
