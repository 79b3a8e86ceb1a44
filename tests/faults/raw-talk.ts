import { setTimeout as pause } from 'node:timers/promises';
import type { RawClient } from '../harness/raw-client.ts';
import { chatPacket, isEvent } from '../harness/talk.ts';
import type { Send } from './checker/history.ts';
import { complete, invoke } from './checker/record.ts';

const PAUSE_MS = 50;

/** What one connection said. */
export interface Talk {
  sent: Send[];
  /** How many of them were sent after the event `drain` and answered. */
  servedWhileDraining: number;
}

/** Says one thing after the other, in each conversation in turn, for as long as the connection lasts. */
export function talkUntilClosed(client: RawClient, conversationIds: string[]): Talk {
  const talk: Talk = { sent: [], servedWhileDraining: 0 };
  void goOn(client, conversationIds, talk);
  return talk;
}

async function goOn(client: RawClient, conversationIds: string[], talk: Talk): Promise<void> {
  for (let turn = 0; !client.close; turn++) {
    const conversationId = conversationIds[turn % conversationIds.length]!;
    const draining = client.packets.some(isEvent('drain'));
    const answered = await sayOnce(client, conversationId, `${client.userId} in turn ${turn}`, talk.sent);
    if (answered && draining) talk.servedWhileDraining += 1;
    await pause(PAUSE_MS);
  }
}

/** Notes the message in `sent`; false where it was refused, or the connection ended before there was an answer. */
export async function sayOnce(
  client: RawClient,
  conversationId: string,
  content: string,
  sent: Send[],
): Promise<boolean> {
  const packet = chatPacket(conversationId, content);
  const message = invoke({
    conversationId,
    senderId: client.userId,
    session: client.hello.session_id,
    msgId: packet.msg_id,
    content,
  });
  sent.push(message);
  try {
    complete(message, (await client.request(packet)).code);
  } catch (error) {
    if (!client.close) throw error;
  }
  return message.outcome === 'answered';
}
