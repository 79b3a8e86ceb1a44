import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../contract/wait.ts';
import { apiOf } from '../../harness/api.ts';
import { type ClusterProcess, isReady } from '../../harness/cluster-process.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import { readMetrics } from '../../harness/read-metrics.ts';
import { chatPacket, logIn, say } from '../../harness/talk.ts';
import { NO_TOXIPROXY } from '../../harness/toxiproxy.ts';
import { type Arena, NO_ARENA, openArena } from '../nemesis/arena.ts';
import { untilMembers } from '../nemesis/rebalance-fault.ts';

const NOTICED_MS_MAX = 60_000;
const UNAVAILABLE = 503;

/** What nobody would see whose processes went to the stores by other ways. */
test('a way that is cut is missed by its role', {
  skip: NO_ARENA || NO_TOXIPROXY,
  timeout: 400_000,
}, async (t) => {
  await using arena = await openArena();
  const { gateways, workers, stores } = arena.cluster;
  const notReady = async (members: ClusterProcess[]) => {
    for (const { internalUrl } of members) if (await isReady(`${internalUrl}/readyz`)) return false;
    return true;
  };
  const user = freshUser('ann');
  const conversationId = p2p(user, user);
  const client = await logIn(arena.cluster, { user });
  await say(client, conversationId, 'before');
  const api = apiOf(arena.cluster, user);
  const send = async () => (await client.request(chatPacket(conversationId, 'meanwhile'))).code;
  const history = async () => (await api.get(`/v1/conversations/${conversationId}/messages`)).status;

  const signs: Record<string, () => Promise<boolean>> = {
    'gateways-mysql': async () => (await history()) === UNAVAILABLE,
    'gateways-redis': () => notReady(gateways),
    'gateways-kafka': async () => (await send()) === UNAVAILABLE,
    'workers-mysql': () => notReady(workers),
    'workers-redis': async () => (await send()) === 0 && (await retries(workers)) > 0,
    'workers-kafka': () => untilMembers(stores.kafka, 0, NOTICED_MS_MAX).then(() => true),
  };
  for (const [way, isMissed] of Object.entries(signs)) {
    await t.test(way, async () => {
      const heal = await cut(arena, way);
      try {
        await until(`${way} is missed`, isMissed, NOTICED_MS_MAX);
      } finally {
        await heal();
      }
      await arena.recovered();
    });
  }
  assert.equal(await send(), 0);
});

function cut(arena: Arena, way: string) {
  return arena.wayFaults.find(({ name }) => name === `cut of ${way}`)!.begin();
}

/** How often the workers had to try a batch of messages again. */
async function retries(workers: ClusterProcess[]): Promise<number> {
  let sum = 0;
  for (const { internalUrl } of workers) {
    const { series } = await readMetrics(internalUrl);
    sum += series.get('im_worker_retries_total{stage="messages"}') ?? 0;
  }
  return sum;
}
