import type { Config } from '../config/config.ts';
import type { EventLog } from '../ports/event-log.ts';
import { createInternalServer } from '../telemetry/internal-server.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** Resolves to the reasons why no traffic should come here; none where it should. */
export type ReadinessCheck = () => Promise<string[]>;

export interface Internal extends AsyncDisposable {
  /** From now on readiness is what this says. */
  ready(check: ReadinessCheck): void;
  /** Not ready, for this reason. */
  waiting(reason: string): void;
  /** The consumers' lag is measured whenever the metrics are read. */
  measureLag(log: EventLog): void;
}

/** Serves health and metrics from the first moment on: a role that waits for its servers is alive and not ready. */
export async function openInternal(config: Config, metrics: Metrics): Promise<Internal> {
  let check: ReadinessCheck = async () => ['starting'];
  let measured: EventLog | undefined;
  const server = createInternalServer({
    metrics,
    notReady: () => check(),
    beforeScrape: async () => {
      if (measured) await measure(measured, metrics);
    },
  });
  await server.listen({ host: config.HOST, port: config.INTERNAL_PORT });
  return {
    ready(next) {
      check = next;
    },
    waiting(reason) {
      check = async () => [reason];
    },
    measureLag(log) {
      measured = log;
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}

/** A store that is out of reach as a reason not to be ready. */
export async function outage(check: () => Promise<unknown>): Promise<string[]> {
  return check().then(
    () => [],
    (error) => [String(error)],
  );
}

/** Where the log is out of reach the gauges keep what they had. */
async function measure(log: EventLog, metrics: Metrics): Promise<void> {
  const lags = await log.lag('messages').catch(() => []);
  for (const { partition, lag } of lags) metrics.lag.set({ partition }, lag);
  if (lags.length > 0) metrics.oldestAge.set(Math.max(...lags.map(({ oldestAgeMs }) => oldestAgeMs)) / 1000);
}
