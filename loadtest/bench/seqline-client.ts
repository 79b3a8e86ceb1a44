import { SignJWT } from 'jose';
import { CMD, type OutputPacket } from '../../src/protocol/packets.ts';
import { connectClient, type FrameClient, nextText } from './frame-client.ts';
import { textFrame } from './frames.ts';

/** Where users come in: a standalone server, or a gateway. */
export interface Door {
  port: number;
  /** What tokens are signed with. */
  secret: string;
}

export function tokenOf(server: Door, userId: string): Promise<string> {
  return new SignJWT()
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(server.secret));
}

/** A connection on which the user is logged in. */
export async function logIn(server: Door, userId: string): Promise<FrameClient> {
  const token = await tokenOf(server, userId);
  const client = await connectClient(server.port, '/ws');
  await request(client, { cmd: CMD.login, payload: { token, device_id: 'bench' } });
  return client;
}

/** Sends a packet and gives its answer, on a connection on which nothing else happens. Throws where it is refused. */
export async function request<P>(client: FrameClient, packet: object): Promise<OutputPacket<P>> {
  client.write(textFrame(JSON.stringify(packet)));
  const answer = JSON.parse(await nextText(client));
  if (answer.code !== 0) throw refused(JSON.stringify(answer));
  return answer;
}

export function refused(frame: string): Error {
  return new Error(`The server refused a packet of the workload: ${frame}`);
}

/** How every packet begins that the server accepted; cheaper than to parse it. */
export function acceptedPrefix(cmd: number): string {
  return `{"cmd":${cmd},"code":0,`;
}

/** Throws where frames of the client are not answers with code 0 to that command, or messages. */
export function requireAccepted(client: FrameClient, cmd: number): void {
  const prefix = acceptedPrefix(cmd);
  client.onFrame = (bytes, start, end) => {
    if (bytes.toString('latin1', start, start + prefix.length) !== prefix) {
      throw refused(bytes.toString('utf8', start, end));
    }
  };
}
