import assert from 'node:assert/strict';
import type { Group, GroupMember, GroupState, GroupStep } from '../../src/ports/groups.ts';
import type { Timeline } from '../../src/ports/timeline.ts';
import { agree, newMessage, range } from './samples.ts';

export const GROUP = 'group_g';

export function newGroup(fields: Partial<Group> = {}) {
  return {
    group_id: GROUP,
    name: 'Friends',
    owner_id: 'ann',
    history: 'all' as const,
    created_at: 7,
    ...fields,
  };
}

export function group(fields: Partial<Group>): Group {
  return { ...newGroup(), member_count: 1, ...fields };
}

export function member(userId: string, fields: Partial<GroupMember> = {}): GroupMember {
  return {
    group_id: GROUP,
    user_id: userId,
    role: 'member',
    join_time: 7,
    join_seq: 0,
    muted_until: null,
    ...fields,
  };
}

export function add(userId: string, time: number): GroupStep {
  return { step: 'add', user_id: userId, role: 'member', time };
}

/** Applies the steps, and returns the state with the members whom they name. */
export async function change(timeline: Timeline, steps: GroupStep[]): Promise<{ state: GroupState }> {
  const userIds = new Set(steps.flatMap((step) => ('user_id' in step ? [step.user_id] : [])));
  const changed = await timeline.changeGroup(GROUP, [...userIds], () => ({ steps, result: undefined }));
  assert.ok(changed);
  return changed;
}

export async function send(timeline: Timeline, count: number): Promise<void> {
  await timeline.store(
    range(1, count).map(() => newMessage({ conversation_id: GROUP })),
    agree,
  );
}
