import type { StoreUnavailable } from '../ports/errors.ts';
import { Outgoing } from '../ports/outgoing.ts';
import { createOutageLog } from '../telemetry/outage-log.ts';
import { createDelivery } from './deliver.ts';
import type { GatewayDeps } from './deps.ts';
import { createHeads, type ReadHead } from './heads.ts';
import { LocalUsers } from './local-users.ts';
import { RecentMessages } from './recent-messages.ts';
import { Replies } from './replies.ts';
import type { Session } from './session.ts';
import { Watchers } from './watchers.ts';

/** What the parts of one gateway share. */
export interface Gateway extends GatewayDeps, AsyncDisposable {
  /** Every open connection, logged in or not. */
  connections: Set<Session>;
  locals: LocalUsers;
  watchers: Watchers;
  replies: Replies;
  recent: RecentMessages;
  readHead: ReadHead;
  tellOutage: (error: StoreUnavailable) => void;
  draining: boolean;
}

/** Begins to listen to the bus; disposing ends that. */
export async function openGateway(deps: GatewayDeps): Promise<Gateway> {
  let gateway: Gateway | undefined;
  const feed = await deps.bus.listen(
    deps.settings.gatewayId,
    createDelivery(() => gateway),
  );
  gateway = {
    ...deps,
    connections: new Set(),
    locals: new LocalUsers(deps.timeline, feed),
    watchers: new Watchers(feed),
    replies: new Replies(),
    recent: new RecentMessages(),
    readHead: createHeads(deps.timeline),
    tellOutage: createOutageLog(deps.logger, deps.steadyNow),
    draining: false,
    [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose](),
  };
  return gateway;
}

/** Publishes what `fill` collects, with one look at the registry. */
export async function publish(gateway: Gateway, fill: (outgoing: Outgoing) => void): Promise<void> {
  const outgoing = new Outgoing();
  fill(outgoing);
  await outgoing.flush(gateway.registry, gateway.bus);
}
