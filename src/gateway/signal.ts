import type { PresenceState } from '../ports/registry.ts';
import { answerFrame, eventFrame } from '../protocol/frames.ts';
import { LIMITS } from '../protocol/limits.ts';
import { CMD, type InputPacket, type Presence } from '../protocol/packets.ts';
import type { SignalRequest } from '../protocol/requests.ts';
import { conversationAccess } from './access.ts';
import { peersOf } from './chat.ts';
import { type Gateway, publish } from './gateway-state.ts';
import type { Session } from './session.ts';

type Packet = SignalRequest & InputPacket;

export async function handleSignal(gateway: Gateway, session: Session, packet: Packet): Promise<void> {
  const { payload } = packet;
  if (payload.type === 'typing') return typing(gateway, session, payload.conversation_id, payload.typing);
  const presence = await watch(gateway, session, payload.user_ids);
  session.write(answerFrame(CMD.signal, packet.msg_id ?? undefined, { presence }));
}

/** Tells the other members, if they are few. */
async function typing(
  gateway: Gateway,
  session: Session,
  conversationId: string,
  typing: boolean,
): Promise<void> {
  const { direct, group } = await conversationAccess(gateway.timeline, session.userId, conversationId);
  const user_id = session.userId;
  const frame = eventFrame({ type: 'typing', conversation_id: conversationId, user_id, typing });
  if (direct) await publish(gateway, (out) => out.users(peersOf(user_id, conversationId), { frame }));
  else if (group!.member_count <= LIMITS.smallGroupMembers) {
    await gateway.bus.publishGroup(conversationId, [{ frame, except_user: user_id }]);
  }
}

/** Watches those whom the session may watch, and gives how they are now: changes after this come as events. */
async function watch(gateway: Gateway, session: Session, userIds: string[]): Promise<Presence[]> {
  const allowed = await watchable(gateway, session.userId, userIds);
  await gateway.watchers.replace(session, new Set(allowed));
  const states = await gateway.registry.presence(allowed);
  return allowed.map((userId) => toPresence(userId, states.get(userId)!));
}

/** Oneself, and people with whom one shares a conversation; each once, in the order asked for. */
export async function watchable(gateway: Gateway, userId: string, userIds: string[]): Promise<string[]> {
  const wanted = [...new Set(userIds)];
  const others = wanted.filter((other) => other !== userId);
  const shared =
    others.length > 0 ? await gateway.timeline.sharingConversation(userId, others) : new Set<string>();
  return wanted.filter((other) => other === userId || shared.has(other));
}

function toPresence(userId: string, state: PresenceState): Presence {
  return { user_id: userId, online: state.online, last_seen: state.lastSeen };
}
