import type { Config } from '../config/config.ts';
import type { EventLog } from '../ports/event-log.ts';
import { createInternalServer } from '../telemetry/internal-server.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { RunningRole } from './running-role.ts';

export interface Served {
  url?: string;
  metrics: Metrics;
  log: EventLog;
  /** Reasons of the role itself why no traffic should come here. */
  notReady: () => string[];
  /** Rejects where a store that the role cannot do without does not answer. */
  check: () => Promise<void>;
}

/** Serves health and metrics of a role until all that `stack` holds is disposed of. */
export async function serveInternally(
  config: Config,
  stack: AsyncDisposableStack,
  { url, metrics, log, notReady, check }: Served,
): Promise<RunningRole> {
  const server = createInternalServer({
    metrics,
    async notReady() {
      const outage = await check().then(
        () => [],
        (error) => [String(error)],
      );
      return [...notReady(), ...outage];
    },
    beforeScrape: () => measureLag(log, metrics),
  });
  await server.listen({ host: config.HOST, port: config.INTERNAL_PORT });
  return {
    url,
    async [Symbol.asyncDispose]() {
      await stack.disposeAsync();
      await server.close();
    },
  };
}

async function measureLag(log: EventLog, metrics: Metrics): Promise<void> {
  const lags = await log.lag('messages');
  for (const { partition, lag } of lags) metrics.lag.set({ partition }, lag);
  metrics.oldestAge.set(Math.max(0, ...lags.map(({ oldestAgeMs }) => oldestAgeMs)) / 1000);
}
