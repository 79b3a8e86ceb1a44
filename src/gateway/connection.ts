import type { ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { RawData, WebSocket } from 'ws';
import type { Gateway } from './gateway-state.ts';
import { signOff } from './login.ts';
import { onFrame } from './packet.ts';
import { PACKETS_PER_MESSAGE } from './rate-limit.ts';
import { Session } from './session.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The response that a request for an upgrade would have had. */
    upgradeResponse: ServerResponse | null;
  }
}

/** Serves one WebSocket. Listeners are attached synchronously, or frames that came early would vanish. */
export function onConnection(gateway: Gateway, socket: WebSocket, request: FastifyRequest): void {
  const { messagesPerSecond } = gateway.settings;
  const session = new Session(socket, request.raw.socket, gateway.steadyNow(), {
    packets: messagesPerSecond * PACKETS_PER_MESSAGE,
    messages: messagesPerSecond,
  });
  gateway.connections.add(session);
  gateway.metrics.connections.inc();

  // The plugin would hold the request and its response for as long as the socket lives: 4 KiB a connection.
  socket.removeAllListeners('error');
  request.upgradeResponse?.detachSocket(request.raw.socket);
  // ws closes by itself with 1002, 1007, 1008 or 1009 after a frame that breaks the protocol.
  socket.on('error', () => {});
  socket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary) session.close('binary_frame');
    else onFrame(gateway, session, data as Buffer);
  });
  socket.on('close', (code: number) => onClose(gateway, session, code));
  if (gateway.draining) session.close('restart');
}

function onClose(gateway: Gateway, session: Session, code: number): void {
  session.state = 'ended';
  gateway.connections.delete(session);
  gateway.metrics.connections.dec();
  gateway.metrics.closes.inc(session.closeCode ?? code);
  signOff(gateway, session);
}
