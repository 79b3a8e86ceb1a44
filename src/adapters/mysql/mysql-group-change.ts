import type { Group, GroupMember, GroupState, GroupStep } from '../../ports/groups.ts';
import type { Role } from '../../protocol/packets.ts';
import { chunksOf } from '../chunks.ts';
import type { SqlValue, Statements } from './mysql-database.ts';
import { GROUP_SQL } from './mysql-group-sql.ts';
import { foundInChunks, INSERT_ROWS_MAX } from './mysql-rows.ts';

export type NewMember = Pick<GroupMember, 'user_id' | 'role'>;

/** The group as a rule sees it; it is locked from then on. Undefined where there is none. */
export async function stateOf(
  tx: Statements,
  groupId: string,
  userIds: string[],
): Promise<GroupState | undefined> {
  const [locked] = await tx.rows<Group & { last_seq: number }>(GROUP_SQL.lock, [groupId]);
  if (!locked) return undefined;
  const { last_seq: headSeq, ...group } = locked;
  const keys = userIds.map((userId) => [groupId, userId]);
  const found = await foundInChunks(keys, (chunk) => tx.rows<GroupMember>(GROUP_SQL.membersAmong, [chunk]));
  const members = new Map(found.map((member) => [member.user_id, member]));
  const heir = (await firstOf(tx, groupId, 'admin')) ?? (await firstOf(tx, groupId, 'member'));
  return { group, members, heir, headSeq };
}

async function firstOf(tx: Statements, groupId: string, role: Role): Promise<GroupMember | undefined> {
  const [first] = await tx.rows<GroupMember>(GROUP_SQL.first, [groupId, role]);
  return first;
}

/** The state of a group that has just been dissolved: as it was, and nobody is a member any more. */
export function dissolvedState({ group, headSeq }: GroupState): GroupState {
  return { group: { ...group, member_count: 0 }, members: new Map(), heir: undefined, headSeq };
}

export async function applyStep(
  tx: Statements,
  { group: { group_id: groupId }, headSeq }: GroupState,
  step: GroupStep,
  time: number,
): Promise<void> {
  switch (step.step) {
    case 'update': {
      const { name = null, history = null, owner_id = null } = step;
      await tx.run(GROUP_SQL.update, [name, history, owner_id, groupId]);
      return;
    }
    case 'add':
      await addMembers(tx, groupId, [step], step.time, headSeq);
      await tx.run(GROUP_SQL.count, [1, groupId]);
      return;
    case 'set_role':
      await tx.run(GROUP_SQL.setRole, [step.role, groupId, step.user_id]);
      return;
    case 'mute':
      await tx.run(GROUP_SQL.mute, [step.until, groupId, step.user_id]);
      return;
    case 'remove': {
      const removed = await tx.run(GROUP_SQL.removeMember, [groupId, step.user_id]);
      await tx.run(GROUP_SQL.removeCursor, [step.user_id, groupId]);
      await tx.run(GROUP_SQL.count, [-removed, groupId]);
      return;
    }
    case 'dissolve':
      await tx.run(GROUP_SQL.removeConversation, [groupId]);
      await tx.run(GROUP_SQL.dissolve, [time, groupId]);
  }
}

/** With cursors at the head. */
export async function addMembers(
  tx: Statements,
  groupId: string,
  members: NewMember[],
  time: number,
  headSeq: number,
): Promise<void> {
  for (const chunk of chunksOf(members, INSERT_ROWS_MAX)) {
    const rows = chunk.map(({ user_id, role }): SqlValue[] => [groupId, user_id, role, time, headSeq]);
    await tx.run(GROUP_SQL.addMembers, [rows]);
    const cursors = chunk.map(({ user_id }) => [user_id, groupId, headSeq, headSeq, headSeq, 0]);
    await tx.run(GROUP_SQL.addCursors, [cursors]);
  }
}
