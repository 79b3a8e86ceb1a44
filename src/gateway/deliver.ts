import type { FramePush, GroupPush, Push, PushListener } from '../ports/push-bus.ts';
import { eventFrame } from '../protocol/frames.ts';
import type { Gateway } from './gateway-state.ts';
import type { LocalUser } from './local-users.ts';
import type { Session } from './session.ts';

/** A resync is spread over this long, so that not all sessions pull at once. */
const RESYNC_SPREAD_MS = 3000;

/**
 * Takes what the bus brings to this gateway and writes it to the sockets concerned. There is no gateway yet while it is
 * being opened; then nobody is connected either.
 */
export function createDelivery(current: () => Gateway | undefined): PushListener {
  return {
    onPush(pushes) {
      const gateway = current();
      if (gateway) for (const push of pushes) deliver(gateway, push);
    },
    onGroup(groupId, pushes) {
      const gateway = current();
      if (gateway) for (const push of pushes) deliverToGroup(gateway, groupId, push);
    },
    onPresence: (presence) => current()?.watchers.onPresence(presence),
    onInterrupted() {
      const gateway = current();
      if (gateway) spreadResync(gateway);
    },
  };
}

function deliver(gateway: Gateway, push: Push): void {
  switch (push.to) {
    case 'users':
      fanOut(gateway, localUsers(gateway, push.user_ids), push);
      break;
    case 'session':
      gateway.metrics.pushFrames.inc();
      gateway.locals.session(push.session_id)?.push(push.frame);
      break;
    case 'kick':
      kick(gateway.locals.session(push.session_id));
      break;
    case 'forget':
      gateway.recent.delete(`${push.sender_id} ${push.msg_id}`);
      break;
    case 'reply':
      gateway.replies.onReply(push.reply_id, push.refusal);
      break;
    case 'membership':
      deliverMembership(gateway, push);
  }
}

function deliverMembership(gateway: Gateway, push: Extract<Push, { to: 'membership' }>): void {
  const users = localUsers(gateway, push.user_ids);
  fanOut(gateway, users, push);
  takeOver(
    gateway,
    Promise.all(users.map((user) => gateway.locals.change(user, push.group_id, push.standing))),
  );
}

function deliverToGroup(gateway: Gateway, groupId: string, push: GroupPush): void {
  fanOut(gateway, gateway.locals.usersOfGroup(groupId), push);
  if (push.dissolved) takeOver(gateway, gateway.locals.dissolve(groupId));
}

function takeOver(gateway: Gateway, change: Promise<unknown>): void {
  change.catch((error) =>
    gateway.logger.error({ err: error }, 'a change of membership could not be taken over'),
  );
}

export function kick(session: Session | undefined): void {
  if (!session) return;
  session.write(eventFrame({ type: 'kicked', reason: 'Another connection took over this device.' }));
  session.close('taken_over');
}

function localUsers(gateway: Gateway, userIds: string[]): LocalUser[] {
  return userIds.map((id) => gateway.locals.user(id)).filter((user) => user !== undefined);
}

/** One frame, encoded once, to each session of each of these users. */
function fanOut(gateway: Gateway, users: Iterable<LocalUser>, push: FramePush | GroupPush): void {
  const { tracing } = gateway;
  const written =
    tracing && push.trace !== undefined
      ? tracing.deliver(push.trace, () => writeToAll(users, push))
      : writeToAll(users, push);
  if (written === 0) return;
  gateway.metrics.pushFrames.inc(written);
  if (push.accepted_at !== undefined) {
    const latencyMs = gateway.now() - push.accepted_at;
    if (latencyMs < 0) gateway.metrics.clockSkews.inc();
    gateway.metrics.deliverySeconds.observe(Math.max(0, latencyMs) / 1000);
  }
}

function writeToAll(users: Iterable<LocalUser>, push: FramePush | GroupPush): number {
  const bytes = Buffer.from(push.frame);
  const exceptSession = push.except_session;
  let written = 0;
  for (const user of users) {
    if (user.userId === push.except_user) continue;
    for (const session of user.sessions) {
      if (exceptSession !== undefined && session.id === exceptSession) continue;
      session.push(bytes);
      written++;
    }
  }
  return written;
}

function spreadResync(gateway: Gateway): void {
  const frame = eventFrame({ type: 'resync' });
  for (const session of gateway.locals.all()) {
    setTimeout(() => session.push(frame), gateway.random() * RESYNC_SPREAD_MS).unref();
  }
}
