import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createMemoryPushBus } from '../adapters/memory/memory-push-bus.ts';
import { createMemoryRegistry } from '../adapters/memory/memory-registry.ts';
import type { GatewayPod } from '../ports/gateway-pods.ts';
import type { GatewaySign } from '../ports/gateways.ts';
import type { Route } from '../ports/registry.ts';
import { createLogger } from '../telemetry/logger.ts';
import { startController } from './controller.ts';

const LOOK_MS = 5000;
const ANN: Route = { user_id: 'ann', device_id: 'd', gateway_id: 'g1', session_id: 's' };

/** A controller over one gateway with one client, whose looks the test makes happen. */
async function controllerUnderTest(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let elapsed = 0;
  const registry = createMemoryRegistry({ ttlMs: 600_000, now: () => 0 });
  await registry.register(ANN, 5);
  const state = {
    isActive: true,
    signs: [{ gatewayId: 'g1', at: 1, connections: 7 }] as GatewaySign[],
    pods: async (): Promise<GatewayPod[]> => [{ name: 'g1', deletionCost: 0 }],
    costs: [] as [string, number][],
    hasRoutes: async () => (await registry.routes(['ann'])).size > 0,
    /** So many looks, one after the other. */
    async looks(count: number) {
      for (let i = 0; i < count; i++) {
        elapsed += LOOK_MS;
        t.mock.timers.tick(LOOK_MS);
        await turn();
        await turn();
      }
    },
  };
  const controller = startController({
    registry,
    bus: createMemoryPushBus(assert.ifError),
    gateways: {
      sign: async () => {},
      signs: async () => state.signs,
      forget: async (id) => {
        state.signs = state.signs.filter(({ gatewayId }) => gatewayId !== id);
      },
      async *routesTo() {
        yield [ANN];
      },
    },
    pods: { list: () => state.pods(), setDeletionCost: async (...cost) => void state.costs.push(cost) },
    isActive: () => state.isActive,
    logger: createLogger('silent', {}),
    now: () => 0,
    elapsed: () => elapsed,
  });
  t.after(() => controller[Symbol.asyncDispose]());
  return state;
}

test('a gateway that gave no sign in three looks is removed, with its routes', async (t) => {
  const state = await controllerUnderTest(t);
  await state.looks(3);
  assert.deepEqual([state.signs.length, await state.hasRoutes()], [1, true]);
  await state.looks(1);
  assert.deepEqual([state.signs.length, await state.hasRoutes()], [0, false]);
});

test('a standby watches and does nothing, and acts at once when it becomes active', async (t) => {
  const state = await controllerUnderTest(t);
  state.isActive = false;
  await state.looks(5);
  assert.deepEqual([state.signs.length, state.costs], [1, []]);
  state.isActive = true;
  await state.looks(1);
  assert.deepEqual([state.signs.length, await state.hasRoutes()], [0, false]);
});

test('the cost of a pod is written, and an API server out of reach holds nothing else up', async (t) => {
  const state = await controllerUnderTest(t);
  await state.looks(1);
  assert.deepEqual(state.costs, [['g1', 7]]);
  state.pods = () => Promise.reject(new Error('out of reach'));
  await state.looks(4);
  assert.deepEqual([state.signs.length, await state.hasRoutes()], [0, false]);
});
