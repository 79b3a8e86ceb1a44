import type { FramePush, Push, PushListener } from '../ports/push-bus.ts';
import { eventFrame } from '../protocol/frames.ts';
import type { GatewayDeps } from './deps.ts';
import type { Gateway } from './gateway-state.ts';
import { GroupPushes, type NumberedPush } from './group-pushes.ts';
import type { LocalUser } from './local-users.ts';
import { serverFrames } from './server-frames.ts';
import type { Session } from './session.ts';

/** A resync is spread over this long, so that not all sessions pull at once. */
const RESYNC_SPREAD_MS = 3000;

/**
 * Takes what the bus brings to this gateway and writes it to the sockets concerned. There is no gateway yet while it is
 * being opened; then nobody is connected either.
 */
export function createDelivery(current: () => Gateway | undefined, groupPushes: GroupPushes): PushListener {
  return {
    onPush(pushes) {
      const gateway = current();
      if (gateway) for (const push of pushes) deliver(gateway, push);
    },
    onGroup(groupId, pushes) {
      if (current()) groupPushes.push(groupId, pushes);
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
      gateway.recent.delete(push.sender_id, push.msg_id);
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

/** What writes pushes to groups, once there is a gateway. */
export function createGroupPushes(
  { metrics, steadyNow }: Pick<GatewayDeps, 'metrics' | 'steadyNow'>,
  current: () => Gateway | undefined,
): GroupPushes {
  return new GroupPushes({
    write(groupId, pushes) {
      const gateway = current();
      if (gateway) deliverToGroup(gateway, groupId, pushes);
    },
    sizeOf: (groupId) => current()?.locals.usersOfGroup(groupId).size ?? 0,
    onSkipped: (count) => metrics.groupPushesSkipped.inc(count),
    steadyNow,
  });
}

function deliverToGroup(gateway: Gateway, groupId: string, pushes: NumberedPush[]): void {
  const users = gateway.locals.usersOfGroup(groupId);
  /** Sessions that each push was written to. */
  const sockets = pushes.map(() => 0);
  const write = () => writeToGroup(users, pushes, sockets);
  // Each that is traced has the writing of all as its span.
  pushes.reduce((work, { push }) => within(gateway, push, work), write)();
  pushes.forEach(({ push }, i) => {
    count(gateway, push, sockets[i]!);
  });
  if (pushes.some(({ push }) => push.dissolved)) takeOver(gateway, gateway.locals.dissolve(groupId));
}

/** Adds to `sockets` for each push; gives how many sessions were written to. */
function writeToGroup(
  users: ReadonlyMap<LocalUser, number>,
  pushes: NumberedPush[],
  sockets: number[],
): number {
  const frames = pushes.map(({ push }) => Buffer.from(push.frame));
  const together = serverFrames(frames);
  const first = pushes[0]!.number;
  const leftOut = new Set(pushes.flatMap(({ push }) => [push.except_session, push.except_user]));
  let wantedAll = 0;
  let others = 0;
  for (const [user, from] of users) {
    for (const session of user.sessions) {
      if (from <= first && !leftOut.has(session.id) && !leftOut.has(user.userId)) {
        session.pushTogether(together, frames);
        wantedAll++;
        continue;
      }
      others++;
      pushes.forEach(({ number, push }, i) => {
        if (number < from || !isFor(session, push)) return;
        session.push(frames[i]!);
        sockets[i]!++;
      });
    }
  }
  for (const i of sockets.keys()) sockets[i]! += wantedAll;
  return wantedAll + others;
}

function isFor(session: Session, { except_session, except_user }: FramePush): boolean {
  return session.id !== except_session && session.userId !== except_user;
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
function fanOut(gateway: Gateway, users: LocalUser[], push: FramePush): void {
  count(gateway, push, within(gateway, push, () => writeToAll(users, push))());
}

/** The work as a span of its push, where that is traced. */
function within({ tracing }: Gateway, { trace }: FramePush, work: () => number): () => number {
  return tracing && trace !== undefined ? () => tracing.deliver(trace, work) : work;
}

function count(gateway: Gateway, push: FramePush, sockets: number): void {
  if (sockets === 0) return;
  gateway.metrics.pushFrames.inc(sockets);
  if (push.accepted_at !== undefined) {
    const latencyMs = gateway.now() - push.accepted_at;
    if (latencyMs < 0) gateway.metrics.clockSkews.inc();
    gateway.metrics.deliverySeconds.observe(Math.max(0, latencyMs) / 1000);
  }
}

function writeToAll(users: LocalUser[], push: FramePush): number {
  const bytes = Buffer.from(push.frame);
  let written = 0;
  for (const user of users) {
    for (const session of user.sessions) {
      if (!isFor(session, push)) continue;
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
