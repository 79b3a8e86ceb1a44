import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { LIMITS } from '../../src/protocol/limits.ts';

/**
 * The yardstick: what `ws` alone does on this machine, in a process of its own. The path of a connection says what is
 * done with its frames:
 *
 *     /echo?bytes=n            each is answered with a frame of n bytes
 *     /relay?pair=k&bytes=n    each of a pair's first connection is answered with a frame of n bytes, and passed on to both
 *     /broadcast?role=member   gets what comes on /broadcast?role=sender
 *     /pages                   each is a number, and answered with a frame of as many bytes
 *     /idle                    nothing
 */
const FILLING = Buffer.alloc(1024 * 1024, 'x');
const TEXT = { binary: false };

const pairs = new Map<string, WebSocket[]>();
const members = new Set<WebSocket>();

const http = createServer();
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: false,
  maxPayload: LIMITS.clientMessageBytesMax,
});

server.on('connection', (socket, request) => {
  const { pathname, searchParams } = new URL(request.url!, 'ws://bare');
  const bytes = FILLING.subarray(0, Number(searchParams.get('bytes')));
  if (pathname === '/echo') socket.on('message', () => socket.send(bytes, TEXT));
  else if (pathname === '/relay') relay(socket, searchParams.get('pair')!, bytes);
  else if (pathname === '/broadcast') broadcast(socket, searchParams.get('role')!);
  else if (pathname === '/pages') socket.on('message', (wanted) => sendPage(socket, wanted));
  else if (pathname !== '/idle') socket.close(4404, 'no such path');
});

function relay(socket: WebSocket, name: string, answer: Buffer): void {
  const pair = pairs.get(name);
  if (pair) {
    pair.push(socket);
    return;
  }
  const both = [socket];
  pairs.set(name, both);
  socket.on('message', (frame) => {
    socket.send(answer, TEXT);
    for (const one of both) one.send(frame, TEXT);
  });
}

function broadcast(socket: WebSocket, role: string): void {
  if (role === 'member') members.add(socket);
  else {
    socket.on('message', (frame) => {
      for (const member of members) member.send(frame, TEXT);
    });
  }
}

function sendPage(socket: WebSocket, wanted: RawData): void {
  socket.send(FILLING.subarray(0, Number(wanted.toString())), TEXT);
}

http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send!({ port: (http.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit(0));
