import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryInbox } from './memory-inbox.ts';

const TTL_MS = 1000;
const registry = { routes: async () => new Map() };

test('an epoch lasts as long as its inbox is touched, and ends some time after', async () => {
  let now = 0;
  const inbox = createMemoryInbox({ length: 10, ttlMs: TTL_MS, now: () => now, registry });
  const first = await inbox.head('ann');
  for (let i = 0; i < 5; i++) {
    now += TTL_MS * 0.9;
    assert.deepEqual(await inbox.head('ann'), first);
  }
  now += TTL_MS;
  assert.notEqual((await inbox.head('ann')).epoch, first.epoch);
});

test('epochs of different users are different', async () => {
  const inbox = createMemoryInbox({ length: 10, ttlMs: TTL_MS, now: () => 0, registry });
  const epochs = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => (await inbox.head(`user${i}`)).epoch),
  );
  assert.equal(new Set(epochs).size, 100);
});
