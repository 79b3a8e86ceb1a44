import type { FastifyRequest } from 'fastify';
import type { RawData, WebSocket } from 'ws';
import type { Gateway } from './gateway-state.ts';
import { signOff } from './login.ts';
import { onFrame } from './packet.ts';
import { PACKETS_PER_MESSAGE } from './rate-limit.ts';
import { Session } from './session.ts';

/** Serves one WebSocket. Listeners are attached synchronously, or frames that came early would vanish. */
export function onConnection(gateway: Gateway, socket: WebSocket, request: FastifyRequest): void {
  const { messagesPerSecond } = gateway.settings;
  const session = new Session(socket, request.raw.socket, gateway.now(), {
    packets: messagesPerSecond * PACKETS_PER_MESSAGE,
    messages: messagesPerSecond,
  });
  gateway.connections.add(session);
  gateway.metrics.connections.inc();

  // The plugin's own listener holds the request and its reply for as long as the socket lives.
  socket.removeAllListeners('error');
  // ws closes by itself with 1002, 1007 or 1009 after a frame that breaks the protocol.
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
  gateway.metrics.closes.inc({ code });
  signOff(gateway, session);
}
