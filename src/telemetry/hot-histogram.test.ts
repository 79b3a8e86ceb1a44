import assert from 'node:assert/strict';
import test from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { HotHistogram } from './hot-histogram.ts';

const OPTIONS = { name: 'seconds', help: 'Of a test.', buckets: [0.001, 0.01, 2.5] };

test("shows what the library's histogram shows of the same values", async () => {
  const [own, library] = [new Registry(), new Registry()];
  const hot = new HotHistogram({ ...OPTIONS, registers: [own] });
  const usual = new Histogram({ ...OPTIONS, registers: [library] });
  assert.equal(await own.metrics(), await library.metrics());
  for (const value of [0, 0.0005, 0.001, 0.0011, 0.01, 1, 2.5, 2.6, 100]) {
    hot.observe(value);
    usual.observe(value);
  }
  assert.equal(await own.metrics(), await library.metrics());
});
