import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CMD, type InputPacket, type OutputPacket, type ServerEvent } from '../protocol/packets.ts';
import { createClient } from './client.ts';

const INBOX = { epoch: 'epoch', seq: 7 };
const LOGIN = {
  user_id: 'ann',
  device_id: 'd',
  session_id: 's',
  server_time: 0,
  heartbeat_ms: 60_000,
  inbox: INBOX,
};

/** A server that has nothing new, and keeps what it was asked to pull. */
function quietServer() {
  const pulls: string[] = [];
  let socket: QuietSocket | undefined;

  function answerTo({ cmd, payload }: InputPacket): object {
    if (cmd !== CMD.pull) return LOGIN;
    const ofInbox = typeof payload === 'object' && payload !== null && 'inbox' in payload;
    pulls.push(ofInbox ? 'inbox' : 'conversations');
    if (ofInbox) return { inbox: INBOX, messages: [], has_more: false, resync: false };
    return { conversations: [], cursor: null };
  }

  class QuietSocket extends EventTarget {
    constructor() {
      super();
      socket = this;
      queueMicrotask(() => this.dispatchEvent(new Event('open')));
    }

    send(text: string): void {
      const packet: InputPacket = JSON.parse(text);
      const { cmd, msg_id } = packet;
      const payload = answerTo(packet);
      queueMicrotask(() => this.tell({ cmd, code: 0, msg_id, payload }));
    }

    close(): void {
      queueMicrotask(() => this.dispatchEvent(new CloseEvent('close', { code: 1000 })));
    }

    tell(packet: OutputPacket): void {
      this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(packet) }));
    }
  }

  return {
    pulls,
    WebSocket: QuietSocket as unknown as typeof WebSocket,
    tell: (event: ServerEvent) => socket!.tell({ cmd: CMD.event, code: 0, payload: event }),
  };
}

/** Everything that can happen without a clock has happened. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('a client that is told to resync pulls its inbox and its conversations', async (t) => {
  const server = quietServer();
  const client = createClient({ url: 'http://localhost', token: 'token', WebSocket: server.WebSocket });
  t.after(() => client.close());
  await client.connect();
  await turns();
  server.pulls.length = 0;
  server.tell({ type: 'resync' });
  await turns();
  assert.deepEqual(server.pulls, ['inbox', 'conversations']);
});
