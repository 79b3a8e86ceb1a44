import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Cluster } from '../harness/cluster.ts';
import { freshMsgId, p2p } from '../harness/names.ts';
import { isStored } from '../harness/raw-client.ts';
import { chatPacket } from '../harness/talk.ts';
import { tokenOf } from '../harness/tokens.ts';
import type { Send } from './checker/history.ts';
import { complete, invoke } from './checker/record.ts';

const PULL = 3;
const RECONNECT_MS = 500;

export interface SteadyTalkPlan {
  users: string[];
  /** Messages of all together. */
  perSecond: number;
  content: string;
}

export interface SteadyTalk {
  sent: Send[];
  stop(): void;
}

/**
 * Each user writes to the next in the ring at its own pace, whatever is answered and whenever: what a server is asked for
 * does not become less because it does not answer. Beside that it pulls, one page at a time.
 */
export function talkSteadily(cluster: Cluster, { users, perSecond, content }: SteadyTalkPlan): SteadyTalk {
  const stopping = new AbortController();
  const sent: Send[] = [];
  const everyMs = (users.length / perSecond) * 1000;
  for (const [index, user] of users.entries()) {
    const conversationId = p2p(user, users[(index + 1) % users.length]!);
    void stay(cluster, user, stopping.signal, (socket) => {
      const waiting = new Map<string, Send>();
      const session = freshMsgId();
      let pulling = false;
      socket.on('message', (data) => {
        const packet = JSON.parse(String(data));
        if (packet.cmd === PULL) pulling = false;
        const send = isStored(packet) ? undefined : waiting.get(packet.msg_id);
        if (!send) return;
        waiting.delete(packet.msg_id);
        complete(send, packet.code);
      });
      const talk = setInterval(() => {
        const packet = chatPacket(conversationId, content);
        const send = invoke({ conversationId, senderId: user, session, msgId: packet.msg_id, content });
        sent.push(send);
        waiting.set(packet.msg_id, send);
        socket.send(JSON.stringify(packet));
        if (pulling) return;
        pulling = true;
        socket.send(JSON.stringify({ cmd: PULL, payload: { conversation_id: conversationId, limit: 1 } }));
      }, everyMs);
      socket.on('close', () => clearInterval(talk));
    });
  }
  return { sent, stop: () => stopping.abort() };
}

/** Keeps the user logged in, at one gateway or the other, until it is told to stop. */
async function stay(
  cluster: Cluster,
  user: string,
  stopping: AbortSignal,
  onLogin: (socket: WebSocket) => void,
): Promise<void> {
  while (!stopping.aborted) {
    const socket = new WebSocket(`${cluster.nextUrl().replace(/^http/, 'ws')}/ws`);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const close = () => socket.close();
    stopping.addEventListener('abort', close);
    socket.on('error', () => {});
    socket.once('open', () => {
      const token = tokenOf(cluster.secret, user);
      socket.send(JSON.stringify({ cmd: 1, payload: { token, device_id: 'steady' } }));
    });
    socket.once('message', (data) => {
      if (JSON.parse(String(data)).code === 0) onLogin(socket);
      else socket.close();
    });
    await closed;
    stopping.removeEventListener('abort', close);
    if (!stopping.aborted) await pause(RECONNECT_MS);
  }
}
