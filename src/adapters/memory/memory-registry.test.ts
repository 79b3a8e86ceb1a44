import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryRegistry } from './memory-registry.ts';

const MONTH_MS = 31 * 24 * 3600 * 1000;

test('who was last seen long ago is forgotten while others come and go', async () => {
  let now = 1;
  const registry = createMemoryRegistry({ ttlMs: 1000, now: () => now });
  const route = { user_id: 'ann', device_id: 'phone', gateway_id: 'g', session_id: 's' };
  const lastSeen = async () => (await registry.presence(['ann'])).get('ann')?.lastSeen;
  await registry.register(route, 1);
  now += 500;
  await registry.unregister(route);
  now += MONTH_MS / 2;
  for (let i = 0; i < 10; i++) await registry.refresh([{ ...route, user_id: 'bob' }]);
  assert.equal(await lastSeen(), 501);
  now += MONTH_MS / 2;
  for (let i = 0; i < 10; i++) await registry.refresh([{ ...route, user_id: 'bob' }]);
  assert.equal(await lastSeen(), null);
});
