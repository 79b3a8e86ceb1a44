import { forgetGateway, silentGateways } from '../adapters/redis/redis-gateways.ts';
import type { Config } from '../config/config.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { openInternal, outage } from './internal.ts';
import type { RunningRole } from './running-role.ts';
import { checkServers, openServers, type Servers } from './servers.ts';
import { untilReachable } from './until-reachable.ts';

const LOOK_MS = 10_000;
/** A gateway gives a sign of life every 10 s; one that missed three is gone. */
const SILENT_MS = 30_000;

/**
 * Looks after what no single gateway or worker sees: forgets gateways that are gone, and shows how far the workers are
 * behind. What it does may be done twice, so several at once do no harm.
 */
export async function startControllerRole(config: Config, signal: AbortSignal): Promise<RunningRole> {
  const logger = createLogger(config.LOG_LEVEL, { role: 'controller' });
  const metrics = createMetrics();
  await using stack = new AsyncDisposableStack();
  const internal = stack.use(await openInternal(config, metrics));
  const servers = openServers(config, logger, stack);
  await untilReachable(() => checkServers(config, servers, logger), { internal, logger, signal });
  const timer = setInterval(() => void forgetSilent(servers, logger), LOOK_MS);
  stack.defer(() => clearInterval(timer));
  internal.measureLag(servers.log);
  internal.ready(() => outage(() => servers.redis.ping()));
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The routes of a gateway that is gone lapse by themselves, or are taken over by its clients' next sessions. */
async function forgetSilent({ redis }: Servers, logger: Logger): Promise<void> {
  try {
    for (const { gatewayId, lastSignAt } of await silentGateways(redis, SILENT_MS)) {
      await forgetGateway(redis, gatewayId);
      logger.warn({ gateway_id: gatewayId, last_sign_at: lastSignAt }, 'a gateway is gone');
    }
  } catch (error) {
    logger.warn({ err: error }, 'the gateways could not be looked after');
  }
}
