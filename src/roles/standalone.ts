import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDiskBlobs } from '../adapters/disk/disk-blobs.ts';
import { createMemoryInbox } from '../adapters/memory/memory-inbox.ts';
import { createMemoryPushBus } from '../adapters/memory/memory-push-bus.ts';
import { createMemoryRegistry } from '../adapters/memory/memory-registry.ts';
import { createMemorySequencer } from '../adapters/memory/memory-sequencer.ts';
import { createSqliteEventLog } from '../adapters/sqlite/sqlite-event-log.ts';
import { createSqliteTimeline } from '../adapters/sqlite/sqlite-timeline.ts';
import type { Config } from '../config/config.ts';
import { packageRoot, packageVersion } from '../config/package.ts';
import { signDevToken, signingSecret } from '../config/signing-secret.ts';
import { createTokenVerifier } from '../gateway/auth.ts';
import { startGateway } from '../gateway/start.ts';
import type { EventLog } from '../ports/event-log.ts';
import { createInternalServer } from '../telemetry/internal-server.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { startWorker } from '../worker/worker.ts';
import { gatewaySettings } from './gateway-settings.ts';
import type { RunningRole } from './running-role.ts';

/** One process writes one file: more partitions would only mean more flushes to disk for the same messages. */
const PARTITIONS = 1;
/** Events that may wait for the disk; beyond, sends are refused with 503. */
const LOG_QUEUE_MAX = 50_000;
/** How long a stopping process waits for its worker to store what was accepted; what is left is in the log. */
const CATCH_UP_MS = 5000;
/** Routes outlive the silence that ends their session, so that a session never loses its route before it ends. */
const ROUTE_GRACE_MS = 5000;

/** Everything in one process, on files in DATA_DIR. */
export async function startStandalone(config: Config): Promise<RunningRole> {
  const logger = createLogger(config.LOG_LEVEL, { role: 'standalone' });
  const metrics = createMetrics();
  const now = Date.now;
  mkdirSync(config.DATA_DIR, { recursive: true, mode: 0o700 });
  const file = (name: string) => path.join(config.DATA_DIR, name);

  await using stack = new AsyncDisposableStack();
  const timeline = stack.use(createSqliteTimeline({ path: file('timeline.sqlite') }));
  const log = stack.use(
    createSqliteEventLog({ path: file('event-log.sqlite'), partitions: PARTITIONS, queueMax: LOG_QUEUE_MAX }),
  );
  const inbox = createMemoryInbox({
    length: config.INBOX_LENGTH,
    ttlMs: config.INBOX_TTL_SECONDS * 1000,
    now,
  });
  const registry = createMemoryRegistry({ ttlMs: config.HEARTBEAT_TIMEOUT_MS + ROUTE_GRACE_MS, now });
  const bus = stack.use(createMemoryPushBus((error) => logger.error({ err: error }, 'a push failed')));

  stack.use(
    await startWorker({
      log,
      timeline,
      sequencer: createMemorySequencer(),
      inbox,
      registry,
      bus,
      logger,
      metrics,
      now,
    }),
  );
  stack.defer(() => caughtUp(log));
  const secret = config.AUTH_JWKS_URL ? undefined : signingSecret(config);
  const gateway = stack.use(
    await startGateway(
      {
        log,
        timeline,
        inbox,
        registry,
        bus,
        blobs: createDiskBlobs({ dir: file('uploads') }),
        verifyToken: createTokenVerifier({
          keys: secret ? { secret } : { jwksUrl: config.AUTH_JWKS_URL! },
          issuer: config.AUTH_JWT_ISSUER,
          audience: config.AUTH_JWT_AUDIENCE,
        }),
        logger,
        metrics,
        settings: gatewaySettings(config),
        now,
        random: Math.random,
      },
      {
        host: config.HOST,
        port: config.PORT,
        devTokens:
          config.AUTH_DEV_TOKENS && secret
            ? { sign: (user) => signDevToken(secret, user, config), toAnyone: config.AUTH_DEV_TOKENS_PUBLIC }
            : undefined,
        webDir: path.join(packageRoot(), 'dist', 'web'),
        version: packageVersion(),
      },
    ),
  );
  const internal = createInternalServer({
    metrics,
    notReady: async () => {
      if (gateway.state.draining) return ['draining'];
      return timeline.ping().then(
        () => [],
        (error) => [String(error)],
      );
    },
    beforeScrape: () => measureLag(log, metrics),
  });
  await internal.listen({ host: config.HOST, port: config.INTERNAL_PORT });
  const owned = stack.move();
  return {
    url: gateway.url,
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      await internal.close();
    },
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

async function measureLag(log: EventLog, metrics: Metrics): Promise<void> {
  const lags = await log.lag('messages');
  for (const { partition, lag } of lags) metrics.lag.set({ partition }, lag);
  metrics.oldestAge.set(Math.max(0, ...lags.map(({ oldestAgeMs }) => oldestAgeMs)) / 1000);
}
