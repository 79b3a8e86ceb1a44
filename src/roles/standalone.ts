import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryInbox } from '../adapters/memory/memory-inbox.ts';
import { createMemoryPushBus } from '../adapters/memory/memory-push-bus.ts';
import { createMemoryRegistry } from '../adapters/memory/memory-registry.ts';
import { createMemorySequencer } from '../adapters/memory/memory-sequencer.ts';
import { createSqliteEventLog } from '../adapters/sqlite/sqlite-event-log.ts';
import { createSqliteTimeline } from '../adapters/sqlite/sqlite-timeline.ts';
import type { Config } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import { startGateway } from '../gateway/start.ts';
import type { EventLog } from '../ports/event-log.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { startWorker } from '../worker/worker.ts';
import { openBlobs } from './blobs.ts';
import { gatewayAuth, gatewaySettings, httpOptions } from './gateway-options.ts';
import { openInternal, outage } from './internal.ts';
import { observed } from './observed.ts';
import type { RunningRole } from './running-role.ts';
import { steadyNow } from './steady-clock.ts';
import { openTracing, traced } from './tracing.ts';
import { untilReachable } from './until-reachable.ts';

/** One process writes one file: more partitions would only mean more flushes to disk for the same messages. */
const PARTITIONS = 1;
/** Events that may wait for the disk; beyond, sends are refused with 503. */
const LOG_QUEUE_MAX = 50_000;
/** Events in one transaction of the worker. As many as one turn may bring: delivery keeps up with acceptance. */
const BATCH_MAX = 2000;
/** How long a stopping process waits for its worker to store what was accepted; what is left is in the log. */
const CATCH_UP_MS = 5000;
/** Routes outlive the silence that ends their session, so that a session never loses its route before it ends. */
const ROUTE_GRACE_MS = 5000;

/** Everything in one process, on files in DATA_DIR; pictures may be in S3. */
export async function startStandalone(config: Config, signal: AbortSignal): Promise<RunningRole> {
  await using stack = new AsyncDisposableStack();
  const tracing = await openTracing(config, stack);
  const logger = createLogger(config.LOG_LEVEL, { role: 'standalone' }, tracing);
  const metrics = createMetrics('standalone', packageVersion());
  const internal = stack.use(await openInternal(config, metrics));
  const stores = openStores(config, { metrics, tracing }, stack, (error) =>
    logger.error({ err: error }, 'an embedded store failed'),
  );
  const core = { ...stores, logger, metrics, tracing, now: Date.now };
  const { blobs, check } = openBlobs(config);
  await untilReachable(check, { internal, logger, signal });

  stack.use(await startWorker(core));
  stack.defer(() => caughtUp(stores.log));
  const auth = gatewayAuth(config);
  const gateway = stack.use(
    await startGateway(
      {
        ...core,
        blobs,
        verifyToken: auth.verifyToken,
        settings: gatewaySettings(config),
        steadyNow,
        random: Math.random,
      },
      httpOptions(config, auth),
    ),
  );
  internal.measureLag(stores.log);
  internal.ready(async () => (gateway.state.draining ? ['draining'] : outage(() => stores.timeline.ping())));
  const owned = stack.move();
  return { url: gateway.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The embedded adapters; those that hold files are closed with the stack. */
function openStores(
  config: Config,
  seen: { metrics: Metrics; tracing: Tracing | undefined },
  stack: AsyncDisposableStack,
  onError: (error: unknown) => void,
) {
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 });
  const file = (name: string) => path.join(config.DATA_DIR, name);
  const now = Date.now;
  const registry = createMemoryRegistry({
    ttlMs: config.HEARTBEAT_TIMEOUT_MS + ROUTE_GRACE_MS,
    now: steadyNow,
  });
  return {
    timeline: observed(stack.use(createSqliteTimeline({ path: file('timeline.sqlite') })), 'timeline', seen),
    log: traced(
      stack.use(
        createSqliteEventLog({
          path: file('event-log.sqlite'),
          partitions: PARTITIONS,
          queueMax: LOG_QUEUE_MAX,
          batchMax: BATCH_MAX,
          onReadError: onError,
          onWrite: (count) => seen.metrics.appendBatchSize.observe(count),
        }),
      ),
      seen.tracing,
      (topic) => topic,
    ),
    inbox: createMemoryInbox({
      length: config.INBOX_LENGTH,
      ttlMs: config.INBOX_TTL_SECONDS * 1000,
      now,
      registry,
    }),
    registry,
    bus: stack.use(createMemoryPushBus(onError)),
    sequencer: createMemorySequencer(),
  };
}

async function caughtUp(log: EventLog): Promise<void> {
  const deadline = performance.now() + CATCH_UP_MS;
  while (performance.now() < deadline) {
    const lags = [...(await log.lag('messages')), ...(await log.lag('receipts'))];
    if (lags.every(({ lag }) => lag === 0)) return;
    await sleep(10);
  }
}
