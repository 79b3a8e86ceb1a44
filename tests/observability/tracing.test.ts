import { test } from 'node:test';
import { freePort } from '../harness/free-port.ts';
import { p2p } from '../harness/names.ts';
import { startOwnServer } from '../harness/own-server.ts';
import { logIn, say } from '../harness/talk.ts';

test('a collector that is away holds up nothing, and the process ends well', {
  timeout: 60_000,
}, async () => {
  const collector = `http://127.0.0.1:${await freePort()}`;
  const server = await startOwnServer({ OTEL_EXPORTER_OTLP_ENDPOINT: collector });
  const target = { secret: server.secret, nextUrl: () => server.url, own: () => server, onStop: () => {} };
  const client = await logIn(target);
  await say(client, p2p(client.userId, client.userId), 'hello');
  client.socket.terminate();
  await server.stop();
});
