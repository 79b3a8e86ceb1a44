import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { serverFrames } from './server-frames.ts';

test('a client reads each text, whatever its length, as if the WebSocket had written it', async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.adopt(new WebSocketServer({ port: 0, host: '127.0.0.1' }), (s) => s.close());
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  stack.defer(() => client.terminate());
  const [[socket, request]] = await Promise.all([once(server, 'connection'), once(client, 'open')]);
  const texts = [1, 125, 126, 65_535, 65_536, 100_000].map((length) => 'ü'.padEnd(length - 1, 'x'));
  const read: string[] = [];
  client.on('message', (data, isBinary) => read.push(`${isBinary} ${data}`));
  socket.send('before');
  request.socket.write(serverFrames(texts.map((text) => Buffer.from(text))));
  socket.send('after');
  const wanted = ['before', ...texts, 'after'].map((text) => `false ${text}`);
  while (read.length < wanted.length) await once(client, 'message');
  assert.deepEqual(read, wanted);
});
