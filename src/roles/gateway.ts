import { pingRedis } from '../adapters/redis/redis-check.ts';
import type { Config } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import { startGateway } from '../gateway/start.ts';
import type { Logger } from '../telemetry/logger.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { openBlobs } from './blobs.ts';
import { gatewayAuth, gatewaySettings, httpOptions } from './gateway-options.ts';
import { openInternal, outage } from './internal.ts';
import type { RunningRole } from './running-role.ts';
import { checkServers, openServers, type Servers } from './servers.ts';
import { steadyNow } from './steady-clock.ts';
import { openTracing } from './tracing.ts';
import { untilReachable } from './until-reachable.ts';

/** How often a gateway tells that it is alive. */
const SIGN_OF_LIFE_MS = 5000;
const ONE_DISK =
  'pictures are kept in DATA_DIR, where other gateways do not find them: set S3_ENDPOINT, or share that folder';

/** Holds the clients' connections. */
export async function startGatewayRole(config: Config, signal: AbortSignal): Promise<RunningRole> {
  await using stack = new AsyncDisposableStack();
  const tracing = await openTracing(config, stack);
  const logger = createLogger(config.LOG_LEVEL, { role: 'gateway', gateway_id: config.GATEWAY_ID }, tracing);
  const metrics = createMetrics('gateway', packageVersion());
  const internal = stack.use(await openInternal(config, metrics));
  const servers = openServers(config, { logger, metrics, tracing }, stack);
  const { blobs, check: checkBlobs } = openBlobs(config);
  if (!config.S3_ENDPOINT) logger.warn(ONE_DISK);
  const check = async () => {
    await checkServers(config, servers, logger);
    await checkBlobs();
  };
  await untilReachable(check, { internal, logger, signal });
  stack.defer(await showLife(servers, config.GATEWAY_ID, metrics, logger));

  const auth = gatewayAuth(config);
  const gateway = stack.use(
    await startGateway(
      {
        ...servers,
        blobs,
        verifyToken: auth.verifyToken,
        logger,
        metrics,
        tracing,
        settings: gatewaySettings(config),
        now: Date.now,
        steadyNow,
        random: Math.random,
      },
      httpOptions(config, auth),
    ),
  );
  internal.ready(async () =>
    gateway.state.draining ? ['draining'] : outage(() => pingRedis(servers.redis)),
  );
  const owned = stack.move();
  return { url: gateway.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/**
 * Tells again and again that this gateway is alive, and how much it holds; gives how to end that, and with it the
 * gateway's entry.
 */
async function showLife(
  { gateways }: Servers,
  gatewayId: string,
  metrics: Metrics,
  logger: Logger,
): Promise<() => Promise<void>> {
  const sign = async () => {
    const connections = (await metrics.connections.get()).values[0]?.value ?? 0;
    await gateways.sign(gatewayId, connections);
  };
  const trySign = () =>
    sign().catch((error) => logger.warn({ err: error }, 'no sign of life could be given'));
  await trySign();
  const timer = setInterval(trySign, SIGN_OF_LIFE_MS);
  return async () => {
    clearInterval(timer);
    await gateways.forget(gatewayId).catch(() => {});
  };
}
