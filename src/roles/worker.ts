import type { Config } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { startWorker } from '../worker/worker.ts';
import { openInternal, outage } from './internal.ts';
import type { RunningRole } from './running-role.ts';
import { checkServers, openServers } from './servers.ts';
import { untilReachable } from './until-reachable.ts';

/** Stores and delivers messages. */
export async function startWorkerRole(config: Config, signal: AbortSignal): Promise<RunningRole> {
  const logger = createLogger(config.LOG_LEVEL, { role: 'worker' });
  const metrics = createMetrics('worker', packageVersion());
  await using stack = new AsyncDisposableStack();
  const internal = stack.use(await openInternal(config, metrics));
  const servers = openServers(config, logger, metrics, stack);
  await untilReachable(() => checkServers(config, servers, logger), { internal, logger, signal });

  stack.use(await startWorker({ ...servers, logger, metrics, now: Date.now }));
  internal.measureLag(servers.log);
  internal.ready(() => outage(() => servers.timeline.ping()));
  const owned = stack.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
