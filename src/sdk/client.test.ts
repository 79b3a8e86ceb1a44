import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '../protocol/message.ts';
import { CMD, type InputPacket, type OutputPacket } from '../protocol/packets.ts';
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

/** A server of one client, which answers each packet with what `payloadOf` gives, when it does. */
function fakeServer(payloadOf: (packet: InputPacket) => object | Promise<object>) {
  let socket: FakeSocket | undefined;

  class FakeSocket extends EventTarget {
    constructor() {
      super();
      socket = this;
      queueMicrotask(() => this.dispatchEvent(new Event('open')));
    }

    async send(text: string): Promise<void> {
      const packet: InputPacket = JSON.parse(text);
      const { cmd, msg_id } = packet;
      const payload = await payloadOf(packet);
      this.tell({ cmd, code: 0, msg_id, payload });
    }

    close(): void {
      queueMicrotask(() => this.dispatchEvent(new CloseEvent('close', { code: 1000 })));
    }

    tell(packet: OutputPacket): void {
      this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(packet) }));
    }
  }

  return {
    WebSocket: FakeSocket as unknown as typeof WebSocket,
    tell: (packet: OutputPacket) => socket!.tell(packet),
  };
}

/** Has nothing new, and keeps what it was asked to pull. */
function quietServer() {
  const pulls: string[] = [];
  const server = fakeServer(({ cmd, payload }) => {
    if (cmd !== CMD.pull) return LOGIN;
    const ofInbox = typeof payload === 'object' && payload !== null && 'inbox' in payload;
    pulls.push(ofInbox ? 'inbox' : 'conversations');
    if (ofInbox) return { inbox: INBOX, messages: [], has_more: false, resync: false };
    return { conversations: [], cursor: null };
  });
  return { ...server, pulls };
}

const GROUP = 'group_1';
/** Who wrote what is stored in the group at once, and the number of Ann's. */
const SENDERS = ['bob', 'cid', 'ann', 'dan'];
const OWN_SEQ = SENDERS.indexOf('ann') + 1;

/**
 * With Ann's message come those of the others, before it and after it. All are stored at once and pushed later; what is
 * pulled shows what is stored when it is answered, some turns after it was asked.
 */
function busyGroup() {
  let stored: Message[] = [];
  const server = fakeServer(async (packet) => {
    const payload = packet.payload as { conversations?: true; content?: string };
    if (packet.cmd === CMD.chat) {
      stored = SENDERS.map((sender, i) => messageOf(sender, i + 1, packet.msg_id!));
      void turns().then(push);
      return { conversation_id: GROUP, server_time: 0 };
    }
    if (packet.cmd !== CMD.pull) return LOGIN;
    await someTurns(3);
    const head_seq = stored.length;
    if (!payload.conversations) {
      return { messages: stored.filter(({ seq }) => seq > packet.seq!), has_more: false, head_seq };
    }
    const ack_seq = head_seq === 0 ? 0 : OWN_SEQ;
    const summary = {
      conversation_id: GROUP,
      type: 'group',
      name: 'G',
      head_seq,
      ack_seq,
      read_seq: ack_seq,
    };
    return { conversations: [{ ...summary, unread: 0, last_message: null }], cursor: null };
  });
  const push = () => {
    for (const message of stored) {
      server.tell({ cmd: CMD.chat, code: 0, msg_id: message.msg_id, seq: message.seq, payload: message });
    }
  };
  return server;
}

function messageOf(sender_id: string, seq: number, annsId: string): Message {
  const msg_id = sender_id === 'ann' ? annsId : `m-${seq}`;
  const content = `from ${sender_id}`;
  return { conversation_id: GROUP, seq, msg_id, sender_id, msg_type: 1, content, send_time: 0, status: 0 };
}

/** Everything that can happen without a clock has happened. */
function turns(): Promise<void> {
  return someTurns(20);
}

async function someTurns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

test('a client that is told to resync pulls its inbox and its conversations', async (t) => {
  const server = quietServer();
  const client = createClient({ url: 'http://localhost', token: 'token', WebSocket: server.WebSocket });
  t.after(() => client.close());
  await client.connect();
  await turns();
  server.pulls.length = 0;
  server.tell({ cmd: CMD.event, code: 0, payload: { type: 'resync' } });
  await turns();
  assert.deepEqual(server.pulls, ['inbox', 'conversations']);
});

test('what others wrote just before the first own message is handed out, however late it is pushed', async (t) => {
  const server = busyGroup();
  const client = createClient({ url: 'http://localhost', token: 'token', WebSocket: server.WebSocket });
  t.after(() => client.close());
  const handed: string[] = [];
  client.on('message', ({ sender_id }) => handed.push(sender_id));
  await client.connect();
  await client.send({ conversationId: GROUP, content: 'from ann' }).stored;
  await turns();
  assert.deepEqual(handed, SENDERS);
});
