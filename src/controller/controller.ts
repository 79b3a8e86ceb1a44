import type { GatewayPods } from '../ports/gateway-pods.ts';
import type { GatewaySign, Gateways } from '../ports/gateways.ts';
import type { PushBus } from '../ports/push-bus.ts';
import type { Registry, Route } from '../ports/registry.ts';
import type { Logger } from '../telemetry/logger.ts';
import { costChanges } from './deletion-cost.ts';
import { createSilenceWatch } from './silence.ts';

const LOOK_MS = 5000;
/** A gateway gives a sign of life every 5 s; one that missed two is gone. */
const SILENT_MS = 12_500;

export interface ControllerDeps {
  gateways: Gateways;
  registry: Registry;
  bus: PushBus;
  /** Undefined outside of Kubernetes. */
  pods: GatewayPods | undefined;
  /** Whether this process is the one that acts; the others watch, so that one of them can go on at once. */
  isActive: () => boolean;
  logger: Logger;
  /** Ms since 1970. */
  now: () => number;
  /** Ms of a clock that never goes back. */
  elapsed: () => number;
}

/**
 * Looks after what no single gateway or worker sees. What it does may be done twice, so two that act at once, for as
 * long as clocks and pauses may make them, do no harm.
 */
export function startController(deps: ControllerDeps): AsyncDisposable {
  const watch = createSilenceWatch(SILENT_MS, deps.elapsed);
  let looking: Promise<void> = Promise.resolve();
  let isLooking = false;

  async function look(): Promise<void> {
    const signs = await deps.gateways.signs();
    const gone = watch.observe(signs);
    if (!deps.isActive()) return;
    for (const sign of gone) await removeGateway(deps, sign);
    if (deps.pods) await writeCosts(deps, deps.pods, signs);
  }

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    looking = look()
      .catch((error) => {
        watch.interrupted();
        deps.logger.warn({ err: error }, 'the gateways could not be looked after');
      })
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_MS);

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Its routes first: where that is interrupted the gateway is still known, and found silent again. */
async function removeGateway(deps: ControllerDeps, { gatewayId, at }: GatewaySign): Promise<void> {
  let routes = 0;
  for await (const page of deps.gateways.routesTo(gatewayId)) {
    await Promise.all(page.map((route) => removeRoute(deps, route)));
    routes += page.length;
  }
  await deps.gateways.forget(gatewayId);
  deps.logger.warn({ gateway_id: gatewayId, last_sign_at: at, routes }, 'a gateway is gone');
}

/** As the gateway itself would have done when the session ended. */
async function removeRoute({ registry, bus, now }: ControllerDeps, route: Route): Promise<void> {
  const { left } = await registry.unregister(route);
  if (left) await bus.publishPresence({ user_id: route.user_id, online: false, last_seen: now() });
}

/** The API server may be out of reach while Redis is not: then the costs wait, and nothing else does. */
async function writeCosts(
  { logger }: ControllerDeps,
  pods: GatewayPods,
  signs: GatewaySign[],
): Promise<void> {
  try {
    for (const { name, deletionCost } of costChanges(await pods.list(), signs)) {
      await pods.setDeletionCost(name, deletionCost);
    }
  } catch (error) {
    logger.warn({ err: error }, 'deletion costs could not be written');
  }
}
