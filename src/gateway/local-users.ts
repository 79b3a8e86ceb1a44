import type { GroupStore } from '../ports/groups.ts';
import type { PushFeed, Standing } from '../ports/push-bus.ts';
import type { Session } from './session.ts';

/** A user with at least one session here, and the groups that these hear from. */
export interface LocalUser {
  userId: string;
  sessions: Session[];
  standings: Map<string, Standing>;
  /** Whether `standings` holds all groups. */
  loaded: boolean;
  /** While the groups are being read: what changed meanwhile, to be applied on top. */
  loading: { done: Promise<void>; changes: [string, Standing | null][] } | undefined;
}

interface LocalGroup {
  /** Each with the number of the first push to the group that is for them. */
  users: Map<LocalUser, number>;
  /** Resolves when the group is heard from; undefined where that failed. */
  joined: Promise<void> | undefined;
}

const NOBODY: ReadonlyMap<LocalUser, number> = new Map();

/** Who is connected to this gateway, by user, by session, and by group. */
export class LocalUsers {
  private readonly users = new Map<string, LocalUser>();
  private readonly sessions = new Map<string, Session>();
  private readonly groups = new Map<string, LocalGroup>();
  private readonly store: GroupStore;
  private readonly feed: PushFeed;

  private readonly nextPush: () => number;

  /** `nextPush` gives the number of the next push to any group. */
  constructor(store: GroupStore, feed: PushFeed, nextPush: () => number) {
    this.store = store;
    this.feed = feed;
    this.nextPush = nextPush;
  }

  user(userId: string): LocalUser | undefined {
    return this.users.get(userId);
  }

  session(sessionId: string): Session | undefined {
    return this.sessions.get(sessionId);
  }

  /** Who is in the group, each with the number of the first push that is for them. */
  usersOfGroup(groupId: string): ReadonlyMap<LocalUser, number> {
    return this.groups.get(groupId)?.users ?? NOBODY;
  }

  all(): Iterable<Session> {
    return this.sessions.values();
  }

  add(session: Session): LocalUser {
    this.sessions.set(session.id, session);
    let user = this.users.get(session.userId);
    if (!user) {
      user = {
        userId: session.userId,
        sessions: [],
        standings: new Map(),
        loaded: false,
        loading: undefined,
      };
      this.users.set(user.userId, user);
    }
    user.sessions.push(session);
    return user;
  }

  /** Reads the user's groups and hears from them; resolves when what is published to them from then on will come. */
  async load(user: LocalUser): Promise<void> {
    if (user.loaded) return;
    user.loading ??= { done: this.loadGroups(user), changes: [] };
    await user.loading.done;
  }

  private async loadGroups(user: LocalUser): Promise<void> {
    try {
      // A turn later, so that `loading` stands before anything can change.
      await null;
      const members = await this.store.groupsOf(user.userId);
      const changes = user.loading!.changes;
      user.loading = undefined;
      const joins = members.map((m) => this.set(user, m.group_id, { muted_until: m.muted_until }));
      for (const [groupId, standing] of changes) joins.push(this.change(user, groupId, standing));
      await Promise.all(joins);
      user.loaded = true;
    } finally {
      user.loading = undefined;
    }
  }

  /** Takes over a change of standing; null means no member any more. */
  async change(user: LocalUser, groupId: string, standing: Standing | null): Promise<void> {
    if (user.loading) user.loading.changes.push([groupId, standing]);
    else if (standing) await this.set(user, groupId, standing);
    else await this.leave(user, groupId);
  }

  /** Nobody is a member any more. */
  async dissolve(groupId: string): Promise<void> {
    const users = [...this.usersOfGroup(groupId).keys()];
    await Promise.all(users.map((user) => this.change(user, groupId, null)));
  }

  private async set(user: LocalUser, groupId: string, standing: Standing): Promise<void> {
    if (user.sessions.length === 0) return;
    user.standings.set(groupId, standing);
    let here = this.groups.get(groupId);
    if (!here) {
      here = { users: new Map(), joined: undefined };
      this.groups.set(groupId, here);
    }
    if (!here.users.has(user)) here.users.set(user, this.nextPush());
    here.joined ??= this.join(groupId, here);
    await here.joined;
  }

  /** Where it fails, the next who needs it tries again. */
  private async join(groupId: string, here: LocalGroup): Promise<void> {
    try {
      await this.feed.joinGroup(groupId);
    } catch (error) {
      here.joined = undefined;
      throw error;
    }
  }

  private async leave(user: LocalUser, groupId: string): Promise<void> {
    user.standings.delete(groupId);
    const here = this.groups.get(groupId);
    if (!here?.users.delete(user) || here.users.size > 0) return;
    this.groups.delete(groupId);
    await this.feed.leaveGroup(groupId);
  }

  async remove(session: Session): Promise<void> {
    if (!this.sessions.delete(session.id)) return;
    const user = this.users.get(session.userId);
    if (!user) return;
    user.sessions = user.sessions.filter((other) => other !== session);
    if (user.sessions.length > 0) return;
    this.users.delete(user.userId);
    await Promise.all([...user.standings.keys()].map((groupId) => this.leave(user, groupId)));
  }
}
