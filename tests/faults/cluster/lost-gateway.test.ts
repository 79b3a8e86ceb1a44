import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { freshUser } from '../../harness/names.ts';
import { assertOpen, logIn } from '../../harness/talk.ts';
import { CLOCK_JUMPS_MS, openClocks } from '../nemesis/clock-fault.ts';

for (const [direction, offsetMs] of Object.entries(CLOCK_JUMPS_MS)) {
  test(`a gateway whose clock was set ${direction} dies: its clients are welcome at the others`, {
    skip: NO_SERVERS,
    timeout: 120_000,
  }, async () => {
    await using clocks = await openClocks();
    const envOf = (_role: string, env: Record<string, string>) => ({ ...env, ...clocks.env });
    await using cluster = await startCluster({ gateways: 2, workers: 0, envOf });
    const [lost, other] = cluster.gateways;
    await clocks.set(lost!, offsetMs);
    const account = { user: freshUser('ann'), device: 'phone' };
    await logIn(cluster, { ...account, url: lost!.url });
    lost!.signal('SIGKILL');
    await lost!.exited();
    const client = await logIn(cluster, { ...account, url: other!.url });
    await assertOpen(client);
    assert.equal(client.close, undefined);
  });
}
