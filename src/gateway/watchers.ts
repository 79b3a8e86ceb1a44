import type { PushFeed } from '../ports/push-bus.ts';
import { eventFrame } from '../protocol/frames.ts';
import type { Presence } from '../protocol/packets.ts';
import type { Session } from './session.ts';

/** Which sessions here watch whose presence. */
export class Watchers {
  private readonly byUser = new Map<string, Set<Session>>();
  private readonly feed: PushFeed;

  constructor(feed: PushFeed) {
    this.feed = feed;
  }

  /** Replaces whom the session watches; resolves when their changes from then on will come. */
  async replace(session: Session, userIds: Set<string>): Promise<void> {
    const before = session.watched ?? new Set<string>();
    session.watched = session.ended || userIds.size === 0 ? undefined : userIds;
    const now = session.watched ?? new Set<string>();
    const changes: Promise<void>[] = [];
    for (const userId of now) if (!before.has(userId)) changes.push(this.add(session, userId));
    for (const userId of before) if (!now.has(userId)) changes.push(this.drop(session, userId));
    await Promise.all(changes);
  }

  onPresence(presence: Presence): void {
    const sessions = this.byUser.get(presence.user_id);
    if (!sessions) return;
    const frame = eventFrame({ type: 'presence', ...presence });
    for (const session of sessions) session.push(frame);
  }

  private async add(session: Session, userId: string): Promise<void> {
    const sessions = this.byUser.get(userId);
    if (sessions) {
      sessions.add(session);
      return;
    }
    this.byUser.set(userId, new Set([session]));
    await this.feed.watch(userId);
  }

  private async drop(session: Session, userId: string): Promise<void> {
    const sessions = this.byUser.get(userId);
    if (!sessions?.delete(session) || sessions.size > 0) return;
    this.byUser.delete(userId);
    await this.feed.unwatch(userId);
  }
}
