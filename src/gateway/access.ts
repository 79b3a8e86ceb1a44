import type { Group, GroupMember, GroupStore } from '../ports/groups.ts';
import { directMembers, isGroupId } from '../protocol/ids.ts';
import { Refusal } from '../protocol/refusal.ts';

/** What somebody may do in a conversation. */
export interface Access {
  /** The two, or the one, of a direct conversation; undefined for a group. */
  direct: [string, string] | undefined;
  group: Group | undefined;
  member: GroupMember | undefined;
  /** Messages up to and with this one are hidden. */
  hiddenThrough: number;
}

/** Refuses (400, 403, 404) whoever does not belong there. */
export async function conversationAccess(
  store: GroupStore,
  userId: string,
  conversationId: string,
): Promise<Access> {
  const direct = directAccess(userId, conversationId);
  if (direct) return { direct, group: undefined, member: undefined, hiddenThrough: 0 };
  const { group, member } = await groupAccess(store, userId, conversationId);
  const hiddenThrough = group.history === 'joined' ? member.join_seq : 0;
  return { direct: undefined, group, member, hiddenThrough };
}

/** The members of a direct conversation that the user is one of; undefined for a group. Refuses with 400 or 403. */
export function directAccess(userId: string, conversationId: string): [string, string] | undefined {
  if (isGroupId(conversationId)) return undefined;
  const members = directMembers(conversationId);
  if (!members) {
    throw new Refusal(
      'bad_packet',
      'conversation_id is neither group_<id> nor p2p:<a>:<b> with two valid user ids in ascending order.',
    );
  }
  if (!members.includes(userId))
    throw new Refusal('forbidden', 'You are not one of the two in this conversation.');
  return members;
}

/** Refuses with 404 or 403. */
export async function groupAccess(
  store: GroupStore,
  userId: string,
  groupId: string,
): Promise<{ group: Group; member: GroupMember }> {
  const group = await store.group(groupId);
  if (!group) throw new Refusal('not_found', 'There is no such group.');
  const member = await store.member(groupId, userId);
  if (!member) throw new Refusal('forbidden', 'You are not a member of this group.');
  return { group, member };
}
