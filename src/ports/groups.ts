import type { Role } from '../protocol/packets.ts';

export type History = 'all' | 'joined';

export interface Group {
  group_id: string;
  name: string;
  owner_id: string;
  history: History;
  member_count: number;
  created_at: number;
}

export interface GroupMember {
  group_id: string;
  user_id: string;
  role: Role;
  join_time: number;
  join_seq: number;
  muted_until: number | null;
}

/** A group as a rule sees it, locked until the rule's steps are applied. */
export interface GroupState {
  group: Group;
  /** The members among the users that were asked for. */
  members: Map<string, GroupMember>;
  /** Who would follow the owner: of the admins, else of the members, the one who joined first. */
  heir: GroupMember | undefined;
  headSeq: number;
}

/** What a rule decides; applied in order, all or none. */
export type GroupStep =
  | { step: 'update'; name?: string; history?: History; owner_id?: string }
  | { step: 'add'; user_id: string; role: Role; time: number }
  | { step: 'set_role'; user_id: string; role: Role }
  | { step: 'mute'; user_id: string; until: number | null }
  | { step: 'remove'; user_id: string }
  | { step: 'dissolve' };

/** Groups and their members. Ids of dissolved groups stay taken; else a dissolved group is as if it never was. */
export interface GroupStore {
  /** False where the id is taken. The owner is among the members in any case. All cursors start at 0. */
  createGroup(
    group: Pick<Group, 'group_id' | 'name' | 'owner_id' | 'history' | 'created_at'>,
    memberIds: string[],
  ): Promise<boolean>;

  group(groupId: string): Promise<Group | undefined>;
  member(groupId: string, userId: string): Promise<GroupMember | undefined>;

  /** Those of the pairs that are members. */
  membersAmong(pairs: { group_id: string; user_id: string }[]): Promise<GroupMember[]>;

  /** All groups of a user. */
  groupsOf(userId: string): Promise<GroupMember[]>;

  /** Ordered by user id, after `afterUserId`. */
  members(groupId: string, afterUserId: string | undefined, limit: number): Promise<GroupMember[]>;

  /**
   * Locks the group, shows it to `decide` (which is pure and may run more than once, and whose throw is passed on with
   * nothing changed), and applies the steps. A member who is added has cursors at the head of that moment. Returns the
   * state after the steps with what was decided, or undefined where there is no such group.
   */
  changeGroup<T>(
    groupId: string,
    userIds: string[],
    decide: (state: GroupState) => { steps: GroupStep[]; result: T },
  ): Promise<{ state: GroupState; result: T } | undefined>;
}
