import { pingRedis } from '../adapters/redis/redis-check.ts';
import type { Config } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import { startController } from '../controller/controller.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { openInternal, outage } from './internal.ts';
import { openKubernetes } from './kubernetes.ts';
import type { RunningRole } from './running-role.ts';
import { checkServers, openServers } from './servers.ts';
import { openTracing } from './tracing.ts';
import { untilReachable } from './until-reachable.ts';

/**
 * Looks after what no single gateway or worker sees: removes gateways that are gone, and shows how far the workers are
 * behind. In Kubernetes one at a time is active, by a Lease, and tells which gateways' pods are cheap to delete; an API
 * server that is out of reach makes nobody active, and no process end.
 */
export async function startControllerRole(config: Config, signal: AbortSignal): Promise<RunningRole> {
  await using stack = new AsyncDisposableStack();
  const tracing = await openTracing(config, stack);
  const logger = createLogger(config.LOG_LEVEL, { role: 'controller' }, tracing);
  const metrics = createMetrics('controller', packageVersion());
  const internal = stack.use(await openInternal(config, metrics));
  const servers = openServers(config, { logger, metrics, tracing }, stack);
  await untilReachable(() => checkServers(config, servers, logger), { internal, logger, signal });

  const namespace = config.KUBERNETES_NAMESPACE;
  const kubernetes = namespace ? await openKubernetes(config, namespace, logger) : undefined;
  if (kubernetes) stack.use(kubernetes.leadership);
  stack.use(
    startController({
      ...servers,
      pods: kubernetes?.pods,
      isActive: kubernetes ? kubernetes.leadership.isActive : () => true,
      logger,
      now: Date.now,
      elapsed: () => performance.now(),
    }),
  );
  internal.measureLag(servers.log);
  internal.ready(() => outage(() => pingRedis(servers.redis)));
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
