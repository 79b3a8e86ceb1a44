import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { WebSocket } from 'ws';
import { createClient, type SeqlineClient } from '../../../src/sdk/index.ts';
import { createGroup } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import { readMetrics } from '../../harness/read-metrics.ts';
import { logIn, say } from '../../harness/talk.ts';
import { tokenOf } from '../../harness/tokens.ts';

const CLIENTS = 5000;
const GROUPS = 5;
const CONNECTS_AT_ONCE = 200;
/** The pauses of clients that come back are those that apps have: each draws its first from one second. */
const BACK_MS_MAX = 60_000;
/** For the message of somebody who was not dropped. */
const CHAT_MS_MAX = 10_000;
const TIMEOUT_MS = 400_000;

test(`${CLIENTS} clients are dropped at once and come back`, {
  skip: NO_SERVERS,
  timeout: TIMEOUT_MS,
}, async (t) => {
  await using cluster = await startCluster({ gateways: 2, workers: 1 });
  const users = Array.from({ length: CLIENTS }, () => freshUser('u'));
  const perGroup = CLIENTS / GROUPS;
  for (let from = 0; from < CLIENTS; from += perGroup) {
    const members = users.slice(from, from + perGroup);
    await createGroup(cluster, members[0]!, members);
  }
  const sockets = new Set<WebSocket>();
  const clients = users.map((user) => openApp(cluster, user, sockets));
  try {
    for (let from = 0; from < CLIENTS; from += CONNECTS_AT_ONCE) {
      await Promise.all(clients.slice(from, from + CONNECTS_AT_ONCE).map((client) => client.connect()));
    }
    const witness = await logIn(cluster, { user: users[0]!, device: 'witness' });
    const back = new Set<SeqlineClient>();
    for (const client of clients) {
      client.on('state', ({ state }) => {
        if (state === 'online') back.add(client);
      });
    }
    const before = await lookAt(cluster);
    const startedAt = performance.now();
    for (const socket of sockets) socket.terminate();
    const chatMs: number[] = [];
    while (back.size < CLIENTS) {
      assert.ok(performance.now() - startedAt < BACK_MS_MAX, `${back.size} of ${CLIENTS} are back`);
      const saidAt = performance.now();
      await say(witness, p2p(users[0]!, users[0]!), 'still here');
      chatMs.push(performance.now() - saidAt);
    }
    const tookMs = performance.now() - startedAt;
    t.diagnostic(`all ${CLIENTS} are back after ${Math.round(tookMs)} ms`);
    t.diagnostic(
      `a message took ${Math.round(Math.max(...chatMs))} ms at most, of ${chatMs.length} meanwhile`,
    );
    const after = await lookAt(cluster);
    for (const [what, count] of Object.entries(after))
      t.diagnostic(`${what}: ${count - (before[what] ?? 0)}`);
    assert.ok(Math.max(...chatMs) < CHAT_MS_MAX, 'who is there is not served meanwhile');
  } catch (error) {
    t.diagnostic(`What the cluster wrote:\n${cluster.log()}`);
    throw error;
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
});

function openApp(cluster: Cluster, user: string, sockets: Set<WebSocket>): SeqlineClient {
  class KnownSocket extends WebSocket {
    constructor(url: string) {
      super(url);
      sockets.add(this);
      this.on('close', () => sockets.delete(this));
    }
  }
  return createClient({
    url: cluster.nextUrl(),
    token: () => tokenOf(cluster.secret, user),
    WebSocket: KnownSocket as unknown as typeof globalThis.WebSocket,
  });
}

/** What the stores were asked since they were started, and how the logins went. */
async function lookAt({ stores, gateways }: Cluster): Promise<Record<string, number>> {
  const redis = new Redis(stores.redisUrl);
  const commands = Number(/^total_commands_processed:(\d+)/m.exec(await redis.info('stats'))?.[1]);
  redis.disconnect();
  const mysql = await createConnection(stores.mysqlUrl);
  const [rows] = await mysql.query<RowDataPacket[]>("SHOW GLOBAL STATUS LIKE 'Questions'");
  await mysql.end();
  const seen: Record<string, number> = {
    'commands of Redis': commands,
    'statements of MySQL': Number(rows[0]!.Value),
  };
  for (const { internalUrl } of gateways) {
    const { series } = await readMetrics(internalUrl);
    for (const [name, count] of series) {
      const result = /^im_gateway_logins_total\{result="(\w+)"\}$/.exec(name)?.[1];
      if (result) seen[`logins: ${result}`] = (seen[`logins: ${result}`] ?? 0) + count;
    }
  }
  return seen;
}
