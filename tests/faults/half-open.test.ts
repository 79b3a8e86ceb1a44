import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, type Message } from '../../src/sdk/index.ts';
import { until } from '../contract/wait.ts';
import { apiOf, createGroup } from '../harness/api.ts';
import { freshUser } from '../harness/names.ts';
import { startPausableProxy } from '../harness/pausable-proxy.ts';
import { readMetric } from '../harness/read-metrics.ts';
import { createRestartableServer, type RestartableServer } from '../harness/restartable-server.ts';
import { logIn, sayAll } from '../harness/talk.ts';
import { tokenOf } from '../harness/tokens.ts';

const CLIENTS = 50;
const MESSAGES = 200;
const HEARTBEAT_MS = 500;
const HEARTBEAT_TIMEOUT_MS = 2000;
/** An app that hears nothing for so long gives its connection up. */
const REQUEST_TIMEOUT_MS = 1000;
/** Sooner than a route lapses by itself. The closing handshake, which nobody answers, is given up much later. */
const OFFLINE_MS_MAX = HEARTBEAT_TIMEOUT_MS + 4000;
/** For an app on a busy machine. */
const NOTICED_MS_MAX = 20_000;
const GONE_MS_MAX = 60_000;

test(`${CLIENTS} connections fall silent without an end: both sides notice, and everyone catches up elsewhere`, {
  timeout: 180_000,
}, async (t) => {
  await using server = await createRestartableServer({
    MESSAGES_PER_SECOND: '1000',
    HEARTBEAT_INTERVAL_MS: String(HEARTBEAT_MS),
    HEARTBEAT_TIMEOUT_MS: String(HEARTBEAT_TIMEOUT_MS),
  });
  await server.start();
  await using proxy = await startPausableProxy({ host: '127.0.0.1', port: Number(new URL(server.url).port) });
  const users = Array.from({ length: CLIENTS }, (_, i) => freshUser(`u${i}`));
  const speaker = freshUser('speaker');
  const group = await createGroup(server, speaker, users);
  const apps = users.map((user) => openApp(server, user, `http://127.0.0.1:${proxy.port}`));
  const heartbeat = (client: { send(packet: object): void }) =>
    setInterval(() => client.send({ cmd: 0 }), HEARTBEAT_MS);
  const client = await logIn(server, { user: speaker });
  const beats = heartbeat(client);
  try {
    await Promise.all(apps.map((app) => app.client.connect()));
    proxy.pause();
    const silentSince = performance.now();
    await sayAll(
      client,
      group,
      Array.from({ length: MESSAGES }, (_, i) => `${i}`),
    );
    const api = apiOf(server, speaker);
    const online = async (user: string) => (await api.get(`/v1/users/${user}/presence`)).body.online;
    const anyOnline = async () => (await Promise.all(users.map(online))).includes(true);
    await until('all are offline', async () => !(await anyOnline()), OFFLINE_MS_MAX);
    t.diagnostic(`all are offline after ${Math.round(performance.now() - silentSince)} ms`);

    for (const app of apps) {
      await until('the app has noticed', () => app.client.state !== 'online', NOTICED_MS_MAX);
    }
    await proxy.cut();
    await proxy.mend();
    proxy.resume();
    for (const { messages } of apps) {
      await until('the app has everything', () => messages.length >= MESSAGES, GONE_MS_MAX);
      assert.deepEqual(
        messages.map(({ seq }) => seq),
        Array.from({ length: MESSAGES }, (_, i) => i + 1),
      );
    }
    const open = async () => connectionsOf(server);
    await until('no connection is left over', async () => (await open()) === CLIENTS + 1, GONE_MS_MAX);
  } finally {
    clearInterval(beats);
    await Promise.all(apps.map((app) => app.client.close()));
  }
});

function openApp(server: RestartableServer, user: string, url: string) {
  const client = createClient({
    url,
    token: () => tokenOf(server.secret, user),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    reconnect: { baseMs: 50, maxMs: 300 },
  });
  const messages: Message[] = [];
  client.on('message', (message) => messages.push(message));
  return { client, messages };
}

function connectionsOf({ internalUrl }: RestartableServer): Promise<number> {
  return readMetric(internalUrl, 'im_gateway_connections');
}
