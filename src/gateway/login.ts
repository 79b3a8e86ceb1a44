import { StoreUnavailable } from '../ports/errors.ts';
import type { Route } from '../ports/registry.ts';
import type { RefusalName } from '../protocol/codes.ts';
import { answerFrame, eventFrame } from '../protocol/frames.ts';
import { LIMITS } from '../protocol/limits.ts';
import { CMD, type InputPacket, type LoginAnswer, type Presence } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { LoginRequest } from '../protocol/requests.ts';
import { kick } from './deliver.ts';
import type { Gateway } from './gateway-state.ts';
import type { Session } from './session.ts';
import { newSessionId } from './session-id.ts';

type Packet = LoginRequest & InputPacket;

/**
 * Opens a session. The order matters: first the gateway can deliver to it and the registry knows it, then the groups
 * are heard from, and last the inbox head is read. What is stored before the head is read can be pulled; what is stored
 * after it is pushed; pushes wait until the answer is written.
 */
export async function handleLogin(gateway: Gateway, session: Session, packet: Packet): Promise<void> {
  session.state = 'opening';
  try {
    const answer = await open(gateway, session, packet.payload);
    if (session.ended) return;
    session.state = 'open';
    session.write(answerFrame(CMD.login, packet.msg_id ?? undefined, answer));
    gateway.metrics.logins.inc({ result: 'ok' });
    session.release();
  } catch (error) {
    gateway.metrics.logins.inc({ result: resultOf(error) });
    await leave(gateway, session);
    if (!session.ended) session.state = 'new';
    throw error;
  }
}

function resultOf(error: unknown): RefusalName {
  if (error instanceof Refusal) return error.error;
  return error instanceof StoreUnavailable ? 'unavailable' : 'internal';
}

async function open(
  gateway: Gateway,
  session: Session,
  payload: LoginRequest['payload'],
): Promise<LoginAnswer> {
  const { userId, expiresAt } = await gateway.verifyToken(payload.token);
  const now = gateway.now();
  session.expiresAt = expiresAt > now ? expiresAt : expiresAt + LIMITS.tokenLeewaySeconds * 1000;
  const route: Route = {
    user_id: userId,
    device_id: payload.device_id,
    gateway_id: gateway.settings.gatewayId,
    session_id: newSessionId(await gateway.registry.now()),
  };
  session.hold();
  session.route = route;
  const user = gateway.locals.add(session);
  await register(gateway, session, route);
  await gateway.locals.load(user);
  const inbox = await gateway.inbox.head(userId);
  return {
    user_id: userId,
    device_id: route.device_id,
    session_id: route.session_id,
    server_time: gateway.now(),
    heartbeat_ms: gateway.settings.heartbeatIntervalMs,
    inbox,
  };
}

async function register(gateway: Gateway, session: Session, route: Route): Promise<void> {
  const registration = await gateway.registry.register(route, gateway.settings.connectionsPerUser);
  if (registration.outcome === 'full') {
    throw new Refusal(
      'rate_limited',
      `At most ${gateway.settings.connectionsPerUser} devices at once.`,
      FULL_RETRY_MS,
      true,
    );
  }
  if (registration.outcome === 'superseded') {
    session.write(eventFrame({ type: 'kicked', reason: 'A newer connection holds this device.' }));
    session.close('taken_over');
    throw new Refusal('conflict', 'A newer connection holds this device.');
  }
  const { replaced, came } = registration;
  if (replaced?.gateway_id === route.gateway_id) kick(gateway.locals.session(replaced.session_id));
  else if (replaced)
    await gateway.bus.publish(replaced.gateway_id, [{ to: 'kick', session_id: replaced.session_id }]);
  if (came) await tellPresence(gateway, { user_id: route.user_id, online: true, last_seen: gateway.now() });
  // The socket may have closed while the registry was asked; its own leave came too early to find the route.
  if (session.ended) await leave(gateway, session);
}

/** A device may become free when another is noticed to be gone. */
const FULL_RETRY_MS = 30_000;

/** Undoes what a login did; harmless where there was none. */
export async function leave(gateway: Gateway, session: Session): Promise<void> {
  const { route } = session;
  if (!route) return;
  await gateway.locals.remove(session);
  if (session.watched) await gateway.watchers.replace(session, new Set());
  const { left } = await gateway.registry.unregister(route);
  if (left) await tellPresence(gateway, { user_id: route.user_id, online: false, last_seen: gateway.now() });
}

/** `leave` for a session that ended by itself, when nobody waits for the outcome. */
export function signOff(gateway: Gateway, session: Session): void {
  leave(gateway, session).catch((error) => {
    gateway.logger.warn({ err: error }, 'a session that ended could not be signed off; its route will lapse');
  });
}

function tellPresence(gateway: Gateway, presence: Presence): Promise<void> {
  return gateway.bus.publishPresence(presence);
}
