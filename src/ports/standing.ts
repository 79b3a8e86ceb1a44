import type { GroupMember } from './groups.ts';

/** Whether a message of this member, accepted at `sendTime`, may be stored in the group. */
export function maySend(member: Pick<GroupMember, 'muted_until'> | undefined, sendTime: number): boolean {
  return member !== undefined && (member.muted_until ?? 0) <= sendTime;
}
