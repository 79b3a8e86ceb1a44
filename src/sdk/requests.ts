import { LIMITS } from '../protocol/limits.ts';
import {
  CMD,
  type ConversationsPage,
  type InboxHead,
  type InboxPage,
  type InputPacket,
  type MessagesPage,
  type OutputPacket,
} from '../protocol/packets.ts';

/** Asks until there is an answer, across reconnects; rejects with a refusal that will not pass. */
export type Ask = (packet: () => InputPacket) => Promise<OutputPacket>;

const limit = LIMITS.pageMax;

export async function pullAfter(ask: Ask, id: string, afterSeq: number, size: number = limit) {
  const payload = { conversation_id: id, limit: size };
  const answer = await ask(() => ({ cmd: CMD.pull, seq: afterSeq, payload }));
  return answer.payload as MessagesPage;
}

export async function pullBefore(ask: Ask, id: string, beforeSeq: number, size: number) {
  const payload = { conversation_id: id, before_seq: beforeSeq, limit: size };
  const answer = await ask(() => ({ cmd: CMD.pull, payload }));
  return answer.payload as MessagesPage;
}

/** `reached` is the last inbox number of the page. */
export async function pullInbox(ask: Ask, place: InboxHead): Promise<InboxPage & { reached: number }> {
  const payload = { inbox: place.epoch, limit };
  const answer = await ask(() => ({ cmd: CMD.pull, seq: place.seq, payload }));
  return { ...(answer.payload as InboxPage), reached: answer.seq ?? place.seq };
}

export async function pullConversations(ask: Ask, cursor: string | undefined) {
  const payload = { conversations: true, limit, ...(cursor === undefined ? {} : { cursor }) };
  const answer = await ask(() => ({ cmd: CMD.pull, payload }));
  return answer.payload as ConversationsPage;
}
