import type { FramePush, GroupPush, Push, PushBus } from './push-bus.ts';
import type { Registry, Route } from './registry.ts';

/**
 * What a batch pushes, collected so that each gateway and each group gets one envelope. Pushes to one destination keep
 * the order in which they were added.
 */
export class Outgoing {
  private readonly toUsers: { userIds: string[]; push: FramePush }[] = [];
  private readonly byGateway = new Map<string, Push[]>();
  private readonly byGroup = new Map<string, GroupPush[]>();

  users(userIds: string[], push: FramePush): void {
    this.toUsers.push({ userIds, push });
  }

  gateway(gatewayId: string, push: Push): void {
    const list = this.byGateway.get(gatewayId);
    if (list) list.push(push);
    else this.byGateway.set(gatewayId, [push]);
  }

  group(groupId: string, push: GroupPush): void {
    const list = this.byGroup.get(groupId);
    if (list) list.push(push);
    else this.byGroup.set(groupId, [push]);
  }

  /**
   * Looks up the routes of all users at once, but of those whose are `known`, and publishes. Users who are nowhere get
   * nothing: they pull.
   */
  async flush(registry: Registry, bus: PushBus, known = new Map<string, Route[]>()): Promise<void> {
    const wanted = new Set<string>();
    for (const { userIds } of this.toUsers) {
      for (const userId of userIds) if (!known.has(userId)) wanted.add(userId);
    }
    const routes = wanted.size > 0 ? new Map([...known, ...(await registry.routes([...wanted]))]) : known;
    for (const { userIds, push } of this.toUsers) {
      for (const [gatewayId, user_ids] of usersByGateway(userIds, routes)) {
        this.gateway(gatewayId, { to: 'users', user_ids, ...push });
      }
    }
    await Promise.all([
      ...[...this.byGateway].map(([gatewayId, pushes]) => bus.publish(gatewayId, pushes)),
      ...[...this.byGroup].map(([groupId, pushes]) => bus.publishGroup(groupId, pushes)),
    ]);
  }
}

function usersByGateway(userIds: string[], routes: Map<string, Route[]>): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const userId of userIds) {
    for (const route of routes.get(userId) ?? []) {
      const ids = result.get(route.gateway_id);
      if (!ids) result.set(route.gateway_id, [userId]);
      else if (ids.at(-1) !== userId) ids.push(userId);
    }
  }
  return result;
}
