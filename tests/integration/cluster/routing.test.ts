import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createRedisRegistry } from '../../../src/adapters/redis/redis-registry.ts';
import { newSessionId } from '../../../src/gateway/session-id.ts';
import { range } from '../../contract/samples.ts';
import { createGroup } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import type { RawClient } from '../../harness/raw-client.ts';
import { assertOpen, event, heartbeat, isEvent, logIn, sayAll, stored } from '../../harness/talk.ts';
import { type Connection, connect } from '../redis-fixture.ts';

const DEVICE = 'phone';
const ROUTE_MS = 60_000;
/** A resync is spread over three seconds; of so many sessions some are early and some late. */
const SESSIONS = 40;
const SPREAD_MS_MIN = 1500;

describe('routes across gateways', { skip: NO_SERVERS, timeout: 180_000 }, () => {
  let cluster: Cluster;
  let connection: Connection;
  before(async () => {
    cluster = await startCluster({ gateways: 2, workers: 1 });
    connection = await connect(cluster.stores.redisUrl);
  });
  after(async () => {
    await connection?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  test('a device is taken over from a gateway that slept, which hears of it later', async () => {
    const [first, second] = cluster.gateways;
    const user = freshUser('alice');
    const older = await logIn(cluster, { user, device: DEVICE, url: first!.url });
    first!.signal('SIGSTOP');
    const newer = await logIn(cluster, { user, device: DEVICE, url: second!.url });
    first!.signal('SIGCONT');
    await assertTakenOver(older);
    await assertOpen(newer);
    await sayAll(newer, p2p(user, user), ['the newer one stays']);
  });

  test('a device is taken over though the news of it was lost', async () => {
    const user = freshUser('alice');
    const older = await logIn(cluster, { user, device: DEVICE });
    await register(user, newSessionId(Date.now() + 1000));
    older.send({ cmd: 0 });
    await assertTakenOver(older);
  });

  test('a login that comes late is turned away by a newer one', async () => {
    const user = freshUser('alice');
    const newer = newSessionId(Date.now() + 60_000);
    await register(user, newer);
    await assert.rejects(logIn(cluster, { user, device: DEVICE }), /kicked/);
    const routes = await registry().routes([user]);
    assert.deepEqual(
      routes.get(user)?.map(({ session_id }) => session_id),
      [newer],
    );
  });

  test('after an interruption every session is told to pull, each at a time of its own', async () => {
    const clients = await Promise.all(
      range(1, SESSIONS).map((i) => logIn(cluster, { user: freshUser(`u${i}`) })),
    );
    const [alice, bob] = clients as [RawClient, RawClient];
    const group = await createGroup(
      cluster,
      alice.userId,
      clients.slice(1).map(({ userId }) => userId),
    );
    const told = clients.map(async (client) => {
      await event(client, 'resync');
      return performance.now();
    });
    const cut = await connection.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    assert.ok(Number(cut) >= cluster.gateways.length, 'nothing was interrupted');
    const times = await Promise.all(told);
    const spreadMs = Math.max(...times) - Math.min(...times);
    assert.ok(spreadMs > SPREAD_MS_MIN, `all were told within ${spreadMs} ms`);
    const said = [
      ...(await sayAll(alice, p2p(alice.userId, bob.userId), ['direct'])),
      ...(await sayAll(bob, group, ['to the group'])),
    ];
    for (const { msg_id } of said) await stored(bob, msg_id!);
    await Promise.all(clients.slice(2).map((client) => stored(client, said[1]!.msg_id!)));
    for (const client of clients) {
      await heartbeat(client);
      assert.equal(client.packets.filter(isEvent('resync')).length, 1);
    }
  });

  function registry() {
    return createRedisRegistry({ shards: connection.shards, ttlMs: ROUTE_MS });
  }

  /** As a gateway does that has no way to tell the others. */
  async function register(user: string, session: string): Promise<void> {
    const route = { user_id: user, device_id: DEVICE, gateway_id: 'elsewhere', session_id: session };
    assert.equal((await registry().register(route, 20)).outcome, 'registered');
  }
});

async function assertTakenOver(client: RawClient): Promise<void> {
  await event(client, 'kicked');
  assert.equal((await client.closed).code, 4409);
}
