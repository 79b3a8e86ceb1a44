import { EVENT_VERSION, type LogTopics } from '../ports/log-events.ts';
import { answerFrame } from '../protocol/frames.ts';
import { CMD, type InputPacket } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { AckRequest } from '../protocol/requests.ts';
import { directAccess, groupAccess } from './access.ts';
import type { Gateway } from './gateway-state.ts';
import type { Session } from './session.ts';
import { throughLog } from './through-log.ts';

type Packet = AckRequest & InputPacket;

/** Takes a cursor into the log; one with a msg_id is answered when it is stored, so that what is read then shows it. */
export async function handleAck(gateway: Gateway, session: Session, packet: Packet): Promise<void> {
  const event = await toEvent(gateway, session, packet);
  const msgId = packet.msg_id ?? undefined;
  if (msgId === undefined) {
    await gateway.log.append('receipts', session.userId, event);
    return;
  }
  await throughLog(gateway, (reply_id) =>
    gateway.log.append('receipts', session.userId, { ...event, reply_id }),
  );
  session.write(answerFrame(CMD.ack, msgId));
}

async function toEvent(
  gateway: Gateway,
  session: Session,
  { seq, payload }: Packet,
): Promise<LogTopics['receipts']> {
  const { conversation_id, inbox, type } = payload;
  if ((conversation_id == null) === (inbox == null)) {
    throw new Refusal('bad_packet', 'payload needs either conversation_id or inbox, and not both.');
  }
  const common = {
    v: EVENT_VERSION,
    user_id: session.userId,
    gateway_id: gateway.settings.gatewayId,
    session_id: session.id,
  } as const;
  if (inbox != null) {
    await checkInbox(gateway, session.userId, inbox, seq);
    return { ...common, kind: 'inbox_cursor', epoch: inbox, seq };
  }
  await checkMember(gateway, session.userId, conversation_id!);
  checkHead(seq, await gateway.readHead(conversation_id!));
  return {
    ...common,
    kind: 'cursor',
    conversation_id: conversation_id!,
    ack_seq: seq,
    read_seq: type === 'read' ? seq : 0,
  };
}

/** From what is remembered of the users connected here; what would be refused is looked up before it is. */
async function checkMember(gateway: Gateway, userId: string, conversationId: string): Promise<void> {
  if (directAccess(userId, conversationId)) return;
  if (gateway.locals.user(userId)?.standings.has(conversationId)) return;
  await groupAccess(gateway.timeline, userId, conversationId);
}

async function checkInbox(gateway: Gateway, userId: string, epoch: string, seq: number): Promise<void> {
  const head = await gateway.inbox.head(userId);
  if (epoch !== head.epoch)
    throw new Refusal('conflict', 'The inbox has begun another epoch: pull it, and see `resync`.');
  checkHead(seq, head.seq);
}

function checkHead(seq: number, head: number): void {
  if (seq > head) throw new Refusal('bad_packet', `seq ${seq} is beyond the head, which is ${head}.`);
}
