import type { StoreUnavailable } from '../ports/errors.ts';
import { Outgoing } from '../ports/outgoing.ts';
import { createOutageLog } from '../telemetry/outage-log.ts';
import { createDelivery, createGroupPushes } from './deliver.ts';
import type { GatewayDeps } from './deps.ts';
import { createHeads, type ReadHead } from './heads.ts';
import { LocalUsers } from './local-users.ts';
import type { Page } from './pages.ts';
import { RecentMessages } from './recent-messages.ts';
import { Replies } from './replies.ts';
import type { Session } from './session.ts';
import { createSharedReads } from './shared-reads.ts';
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
  sharedPages: ReturnType<typeof createSharedReads<Page>>;
  tellOutage: (error: StoreUnavailable) => void;
  draining: boolean;
}

/** Begins to listen to the bus; disposing ends that. */
export async function openGateway(deps: GatewayDeps): Promise<Gateway> {
  let gateway: Gateway | undefined;
  const groupPushes = createGroupPushes(deps, () => gateway);
  const feed = await deps.bus.listen(
    deps.settings.gatewayId,
    createDelivery(() => gateway, groupPushes),
  );
  gateway = {
    ...deps,
    connections: new Set(),
    locals: new LocalUsers(deps.timeline, feed, () => groupPushes.next),
    watchers: new Watchers(feed),
    replies: new Replies(),
    recent: new RecentMessages(),
    readHead: createHeads(deps.timeline),
    sharedPages: createSharedReads(),
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
