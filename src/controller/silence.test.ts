import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSilenceWatch } from './silence.ts';

const SILENT_MS = 100;

function watchUnderTest() {
  let now = 0;
  const watch = createSilenceWatch(SILENT_MS, () => now);
  return {
    interrupted: watch.interrupted,
    /** What is found gone at that time, with these signs. */
    goneAt(time: number, signs: Record<string, number>): string[] {
      now = time;
      const seen = Object.entries(signs).map(([gatewayId, at]) => ({ gatewayId, at, connections: 1 }));
      return watch.observe(seen).map(({ gatewayId }) => gatewayId);
    },
  };
}

test('a gateway whose sign stands still is gone, and one that gives new ones is not', () => {
  const t = watchUnderTest();
  assert.deepEqual(t.goneAt(0, { dead: 7, alive: 7 }), []);
  assert.deepEqual(t.goneAt(SILENT_MS - 1, { dead: 7, alive: 8 }), []);
  assert.deepEqual(t.goneAt(SILENT_MS, { dead: 7, alive: 8 }), ['dead']);
});

test('however old a sign is when it is first seen, its gateway is given time', () => {
  const t = watchUnderTest();
  assert.deepEqual(t.goneAt(1_000_000, { old: 1 }), []);
  assert.deepEqual(t.goneAt(1_000_000 + SILENT_MS, { old: 1 }), ['old']);
});

test('an outage of the store makes nobody silent', () => {
  const t = watchUnderTest();
  t.goneAt(0, { gateway: 7 });
  t.interrupted();
  assert.deepEqual(t.goneAt(10 * SILENT_MS, { gateway: 7 }), []);
  assert.deepEqual(t.goneAt(11 * SILENT_MS, { gateway: 7 }), ['gateway']);
});

test('a gateway that was forgotten and comes back begins anew', () => {
  const t = watchUnderTest();
  t.goneAt(0, { gateway: 7 });
  assert.deepEqual(t.goneAt(SILENT_MS, { gateway: 7 }), ['gateway']);
  assert.deepEqual(t.goneAt(SILENT_MS + 1, {}), []);
  assert.deepEqual(t.goneAt(2 * SILENT_MS, { gateway: 7 }), []);
});
