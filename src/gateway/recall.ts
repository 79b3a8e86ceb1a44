import { EVENT_VERSION } from '../ports/log-events.ts';
import type { StoredMessage } from '../ports/messages.ts';
import { answerFrame } from '../protocol/frames.ts';
import { CMD, type InputPacket } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { RecallRequest } from '../protocol/requests.ts';
import { type Access, conversationAccess } from './access.ts';
import type { Gateway } from './gateway-state.ts';
import type { Session } from './session.ts';
import { throughLog } from './through-log.ts';

/** Withdraws a message; answered when it is withdrawn, so that what is read then shows it. */
export async function handleRecall(
  gateway: Gateway,
  session: Session,
  packet: RecallRequest & InputPacket,
): Promise<void> {
  const { conversation_id, seq } = packet.payload;
  const access = await conversationAccess(gateway.timeline, session.userId, conversation_id);
  const message =
    seq > access.hiddenThrough ? await gateway.timeline.message(conversation_id, seq) : undefined;
  if (!message) throw new Refusal('not_found', 'There is no such message.');
  checkMayRecall(gateway, session.userId, access, message);
  if (message.recalled_at === null) {
    await throughLog(gateway, (reply_id) =>
      gateway.log.append('messages', conversation_id, {
        v: EVENT_VERSION,
        kind: 'recall',
        conversation_id,
        seq,
        by: session.userId,
        time: gateway.now(),
        gateway_id: gateway.settings.gatewayId,
        session_id: session.id,
        reply_id,
      }),
    );
  }
  session.write(answerFrame(CMD.recall, packet.msg_id ?? undefined));
}

function checkMayRecall(gateway: Gateway, userId: string, access: Access, message: StoredMessage): void {
  const role = access.member?.role;
  if (role === 'owner' || role === 'admin') return;
  if (message.sender_id !== userId) throw new Refusal('forbidden', 'You may recall your own messages only.');
  const { recallWindowMs } = gateway.settings;
  if (message.recalled_at === null && gateway.now() - message.send_time > recallWindowMs) {
    throw new Refusal('forbidden', `A message may be recalled for ${recallWindowMs} ms after it was sent.`);
  }
}
