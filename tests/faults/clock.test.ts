import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../contract/wait.ts';
import { createRestartableServer } from '../harness/restartable-server.ts';
import { assertOpen, logIn } from '../harness/talk.ts';
import { CLOCK_JUMPS_MS, openClocks } from './nemesis/clock-fault.ts';

const HEARTBEAT_MS = 700;
const HEARTBEAT_TIMEOUT_MS = 2000;
/** The sweep that notices it, and how late this process may be. */
const NOTICED_MS_MAX = 3000;
const HEARTBEAT_TIMEOUT_CLOSE = 4408;

for (const [direction, offsetMs] of Object.entries(CLOCK_JUMPS_MS)) {
  test(`the clock is set ${direction}: who lives stays, and who is silent goes when it is time`, async () => {
    await using clocks = await openClocks();
    await using server = await createRestartableServer({
      ...clocks.env,
      HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS),
      HEARTBEAT_TIMEOUT_MS: String(HEARTBEAT_TIMEOUT_MS),
    });
    await server.start();
    const [living, silent] = [await logIn(server), await logIn(server)];
    const silentSince = performance.now();
    const beats = setInterval(() => living.send({ cmd: 0 }), HEARTBEAT_MS);
    try {
      await clocks.set(server, offsetMs);
      await until(
        'the silent one is sent away',
        () => silent.close !== undefined,
        2 * HEARTBEAT_TIMEOUT_MS + NOTICED_MS_MAX,
      );
      assert.equal(silent.close?.code, HEARTBEAT_TIMEOUT_CLOSE);
      assert.ok(performance.now() - silentSince > HEARTBEAT_TIMEOUT_MS / 2, 'too early');
      await assertOpen(living);
    } finally {
      clearInterval(beats);
    }
  });
}
