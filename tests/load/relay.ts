import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Message } from '../../src/protocol/message.ts';
import { CMD, type MessagesPage, type OutputPacket } from '../../src/protocol/packets.ts';

/** What becomes of a message on its way to a client: itself, another, several or none. */
export type Spoil = (message: Message, way: { pushed: boolean; session: number }) => Message[];

export interface Relay extends AsyncDisposable {
  url: string;
}

/** Stands before a server and spoils the messages that come out of it. */
export async function startRelay(target: string, spoil: Spoil): Promise<Relay> {
  const http = createServer((incoming, outgoing) => {
    const { url, method, headers } = incoming;
    const passed = request(new URL(url!, target), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  const sockets = new WebSocketServer({ server: http });
  let sessions = 0;
  sockets.on('connection', (client) => join(client, target, sessions++, spoil));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function join(client: WebSocket, target: string, session: number, spoil: Spoil): void {
  const server = new WebSocket(`${target.replace(/^http/, 'ws')}/ws`);
  const early: RawData[] = [];
  client.on('message', (data) => {
    if (server.readyState === WebSocket.OPEN) server.send(String(data));
    else early.push(data);
  });
  server.on('open', () => {
    for (const data of early) server.send(String(data));
  });
  server.on('message', (data) => {
    for (const packet of spoiled(JSON.parse(String(data)), session, spoil))
      client.send(JSON.stringify(packet));
  });
  client.on('close', () => server.terminate());
  server.on('close', () => client.terminate());
}

function spoiled(packet: OutputPacket, session: number, spoil: Spoil): OutputPacket[] {
  if (packet.cmd === CMD.chat && packet.seq !== undefined) {
    return spoil(packet.payload as Message, { pushed: true, session }).map((message) => ({
      ...packet,
      seq: message.seq,
      payload: message,
    }));
  }
  const page = packet.payload as Partial<MessagesPage> | undefined;
  if (packet.cmd !== CMD.pull || !page?.messages) return [packet];
  const messages = page.messages.flatMap((message) => spoil(message, { pushed: false, session }));
  return [{ ...packet, payload: { ...page, messages } }];
}
