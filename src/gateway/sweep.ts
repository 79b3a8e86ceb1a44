import type { Route } from '../ports/registry.ts';
import { LIMITS } from '../protocol/limits.ts';
import { kick } from './deliver.ts';
import type { Gateway } from './gateway-state.ts';
import { signOff } from './login.ts';
import type { Session } from './session.ts';

/** How often all connections are looked at; a deadline is noticed at most this late. */
const SWEEP_MS = 1000;

/** One timer for the deadlines of all connections. Gives the function that ends it. */
export function startSweep(gateway: Gateway): () => void {
  const every = Math.min(SWEEP_MS, gateway.settings.heartbeatTimeoutMs / 4);
  const timer = setInterval(() => sweep(gateway), every);
  return () => clearInterval(timer);
}

export function sweep(gateway: Gateway): void {
  const now = gateway.steadyNow();
  let outboxBytes = 0;
  const heardFrom: Route[] = [];
  for (const session of gateway.connections) {
    outboxBytes += session.outboxBytes;
    enforceDeadlines(gateway, session, now);
    if (session.state === 'open' && session.refreshDue) {
      session.refreshDue = false;
      heardFrom.push(session.route!);
    }
  }
  gateway.metrics.outboxBytes.set(outboxBytes);
  if (heardFrom.length > 0) void refresh(gateway, heardFrom);
}

function enforceDeadlines(gateway: Gateway, session: Session, now: number): void {
  const silentMs = now - session.lastSeenAt;
  if (session.state === 'open') {
    if (gateway.now() >= session.expiresAt) session.close('unauthenticated');
    else if (silentMs > gateway.settings.heartbeatTimeoutMs) {
      session.close('heartbeat_timeout');
      // A half-open socket takes long to close; the user is offline now.
      signOff(gateway, session);
    }
  } else if (session.state !== 'ended' && now - session.openedAt >= LIMITS.loginTimeoutMs) {
    session.close('unauthenticated');
  }
}

/** Keeps the routes of sessions that were heard from alive; one that lost its device meanwhile is closed. */
async function refresh(gateway: Gateway, routes: Route[]): Promise<void> {
  try {
    for (const lost of await gateway.registry.refresh(routes)) kick(gateway.locals.session(lost.session_id));
  } catch (error) {
    gateway.logger.warn({ err: error }, 'routes could not be refreshed');
  }
}
