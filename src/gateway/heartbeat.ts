import { answerFrame } from '../protocol/frames.ts';
import { CMD, type HeartbeatAnswer, type InputPacket } from '../protocol/packets.ts';
import type { Gateway } from './gateway-state.ts';
import type { Session } from './session.ts';

/** Answers with the head of the inbox, by which a client notices that a push was lost. */
export async function handleHeartbeat(
  gateway: Gateway,
  session: Session,
  packet: InputPacket,
): Promise<void> {
  const inbox = await gateway.inbox.head(session.userId);
  const answer: HeartbeatAnswer = { server_time: gateway.now(), inbox };
  session.write(answerFrame(CMD.heartbeat, packet.msg_id ?? undefined, answer, inbox.seq));
}
