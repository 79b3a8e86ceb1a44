import type { Config } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { startWorker } from '../worker/worker.ts';
import { openInternal, outage } from './internal.ts';
import type { RunningRole } from './running-role.ts';
import { checkServers, openServers } from './servers.ts';
import { openTracing } from './tracing.ts';
import { untilReachable } from './until-reachable.ts';

/** Stores and delivers messages. */
export async function startWorkerRole(config: Config, signal: AbortSignal): Promise<RunningRole> {
  await using stack = new AsyncDisposableStack();
  const tracing = await openTracing(config, stack);
  const logger = createLogger(config.LOG_LEVEL, { role: 'worker' }, tracing);
  const metrics = createMetrics('worker', packageVersion());
  const internal = stack.use(await openInternal(config, metrics));
  const servers = openServers(config, { logger, metrics, tracing }, stack);
  await untilReachable(() => checkServers(config, servers, logger), { internal, logger, signal });

  stack.use(await startWorker({ ...servers, logger, metrics, tracing, now: Date.now }));
  internal.measureLag(servers.log);
  internal.ready(() => outage(() => servers.timeline.ping()));
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
