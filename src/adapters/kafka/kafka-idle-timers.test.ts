import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import './kafka-client.ts';

const THROTTLE_MS = 50;

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue');

function openQueue() {
  const logger = { debug() {} };
  return new RequestQueue({ maxInFlightRequests: null, requestTimeout: 1000, logger });
}

test('a connection with no request that waits sets no timer', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
  const queue = openQueue();
  queue.checkPendingRequests();
  assert.equal(queue.throttleCheckTimeoutId, null);
});

test('a request that the broker throttles is sent when that is over', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
  const queue = openQueue();
  let sent = 0;
  queue.maybeThrottle(THROTTLE_MS);
  queue.push({ entry: { correlationId: 1 }, expectResponse: true, sendRequest: () => void sent++ });
  t.mock.timers.tick(THROTTLE_MS - 1);
  assert.equal(sent, 0);
  t.mock.timers.tick(1);
  assert.equal(sent, 1);
  assert.equal(queue.throttleCheckTimeoutId, null);
});
