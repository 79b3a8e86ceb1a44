import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Target } from './target.ts';

export function upgradeHeaders(): Record<string, string> {
  return {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  };
}

/** What asks for a WebSocket, but for the empty line at its end. */
export function upgradeHead(): string {
  const headers = Object.entries(upgradeHeaders()).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET /ws HTTP/1.1\r\nHost: localhost\r\n${headers.join('')}`;
}

/** A connection on which nothing was said yet. Its errors are of no interest; that it closes may be. */
export async function openTcp(target: Target): Promise<Socket> {
  const { hostname, port } = new URL(target.nextUrl());
  const socket = connect(Number(port), hostname).on('error', () => {});
  target.onStop(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}
