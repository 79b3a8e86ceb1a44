import { Refusal } from '../protocol/refusal.ts';
import { groupAccess } from './access.ts';
import type { Gateway } from './gateway-state.ts';

/**
 * Whether the user may write to the group: at once from what is remembered of the users connected here, which follows
 * changes live. What would be refused is looked up before it is, since a change may not have arrived yet.
 */
export function checkGroupStanding(
  gateway: Gateway,
  userId: string,
  groupId: string,
): Promise<void> | undefined {
  const standing = gateway.locals.user(userId)?.standings.get(groupId);
  if (standing && (standing.muted_until ?? 0) <= gateway.now()) return undefined;
  return lookUp(gateway, userId, groupId);
}

async function lookUp(gateway: Gateway, userId: string, groupId: string): Promise<void> {
  const { member } = await groupAccess(gateway.timeline, userId, groupId);
  const user = gateway.locals.user(userId);
  if (user) await gateway.locals.change(user, groupId, { muted_until: member.muted_until });
  if ((member.muted_until ?? 0) > gateway.now()) {
    throw new Refusal('forbidden', 'You are muted in this group.');
  }
}
