import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Use } from './resources.ts';
import { type Step, stepLine, whatEnded } from './verdict.ts';

const USE: Use = {
  k6Cores: 0.5,
  servers: [{ url: 'http://a/metrics', cores: 0.4, lagMs: 12 }],
  idle: 0.5,
  cpus: 2,
};
const STEP: Step = {
  ...{ rate: 400, failed: ['im_sent_latency'], sentP99Ms: 25, deliveredP99Ms: 60, lateP99Ms: 2, limitMs: 20 },
  use: USE,
};

function ended(step: Partial<Step>, use: Partial<Use> = {}): string[] {
  return whatEnded({ ...STEP, ...step, use: { ...USE, ...use } });
}

test('says what was full', () => {
  assert.match(ended({})[0]!, /^nothing that is measured here/);
  assert.deepEqual(ended({ lateP99Ms: 11 }), ['k6: it wrote messages up to 11 ms late (99 %)']);
  assert.deepEqual(ended({}, { idle: 0.01 }), [
    'the CPU of this machine: of 2, k6 0.50, the server 0.40, others 1.08',
  ]);
  assert.deepEqual(ended({}, { servers: [{ url: 'a', cores: 0.97, lagMs: 80 }] }), [
    'the CPU of a: 0.97 CPUs',
    'the event loop of a: 80 ms late',
  ]);
  assert.deepEqual(ended({ failed: ['im_missing', 'im_sent_latency'] }), [
    'more than latency: im_missing did not hold',
  ]);
});

test('needs no metrics of the server', () => {
  assert.deepEqual(ended({}, { idle: 0, servers: [{ url: 'a', cores: undefined, lagMs: undefined }] }), [
    'the CPU of this machine: of 2, k6 0.50, others 1.50',
  ]);
  assert.equal(whatEnded({ ...STEP, lateP99Ms: 12, use: undefined }).length, 1);
});

test('a step is one line', () => {
  assert.match(
    stepLine(STEP),
    /^ +400 a second fails: 99 % sent within +25\.0 ms, .*CPUs: k6 0\.50, server 0\.40 \(lag 12 ms\), idle 50 %$/,
  );
  assert.match(stepLine({ ...STEP, failed: [] }), /holds/);
});
