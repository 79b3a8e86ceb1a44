import type { Group, GroupState } from '../ports/groups.ts';
import type { Standing } from '../ports/push-bus.ts';
import type { Route } from '../ports/registry.ts';
import { eventFrame } from '../protocol/frames.ts';
import type { MemberEvent } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { Gateway } from './gateway-state.ts';
import type { Change, Rule } from './group-rules.ts';

/** Applies a rule to the group and tells who is concerned. Refuses with 404 where there is no such group. */
export async function changeGroup(
  gateway: Gateway,
  groupId: string,
  userIds: string[],
  rule: Rule,
): Promise<GroupState> {
  const outcome = await gateway.timeline.changeGroup(groupId, userIds, rule);
  if (!outcome) throw new Refusal('not_found', 'There is no such group.');
  for (const change of outcome.result) await tellChange(gateway, outcome.state, change);
  return outcome.state;
}

/** Tells all members of a new group; their gateways begin to hear from it. */
export async function tellCreated(gateway: Gateway, group: Group, memberIds: string[]): Promise<void> {
  const frame = frameOf(group.group_id, { change: 'created', by: group.owner_id });
  await tellConcerned(gateway, group.group_id, memberIds, { muted_until: null }, frame);
}

async function tellChange(gateway: Gateway, state: GroupState, change: Change): Promise<void> {
  const groupId = state.group.group_id;
  const frame = frameOf(groupId, change);
  const concerned = change.user_id;
  // The one who left last is no member any more when the group ends, and is told all the same.
  if (change.change === 'dissolved') await tellConcerned(gateway, groupId, [change.by], null, frame);
  if (concerned !== undefined) {
    await tellConcerned(gateway, groupId, [concerned], standingAfter(state, concerned), frame);
  }
  await gateway.bus.publishGroup(groupId, [
    {
      frame,
      except_user: concerned ?? (change.change === 'dissolved' ? change.by : undefined),
      ...(change.change === 'dissolved' ? { dissolved: true } : {}),
    },
  ]);
}

function standingAfter(state: GroupState, userId: string): Standing | null {
  const member = state.members.get(userId);
  return member ? { muted_until: member.muted_until } : null;
}

/** To the gateways of these users: their new standing, with the frame for their clients. */
async function tellConcerned(
  gateway: Gateway,
  groupId: string,
  userIds: string[],
  standing: Standing | null,
  frame: string,
): Promise<void> {
  const routes = await gateway.registry.routes(userIds);
  const byGateway = new Map<string, Set<string>>();
  for (const route of [...routes.values()].flat() satisfies Route[]) {
    const users = byGateway.get(route.gateway_id);
    if (users) users.add(route.user_id);
    else byGateway.set(route.gateway_id, new Set([route.user_id]));
  }
  await Promise.all(
    [...byGateway].map(([gatewayId, users]) =>
      gateway.bus.publish(gatewayId, [
        { to: 'membership', group_id: groupId, user_ids: [...users], standing, frame },
      ]),
    ),
  );
}

function frameOf(groupId: string, change: Change): string {
  const event: MemberEvent = { type: 'member', conversation_id: groupId, ...change };
  return eventFrame(event);
}
