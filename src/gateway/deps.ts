import type { Blobs } from '../ports/blobs.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Inbox } from '../ports/inbox.ts';
import type { PushBus } from '../ports/push-bus.ts';
import type { Registry } from '../ports/registry.ts';
import type { Timeline } from '../ports/timeline.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { TokenVerifier } from './auth.ts';

/** What a gateway stands on. */
export interface GatewayDeps {
  log: EventLog;
  timeline: Timeline;
  inbox: Inbox;
  registry: Registry;
  bus: PushBus;
  blobs: Blobs;
  verifyToken: TokenVerifier;
  logger: Logger;
  metrics: Metrics;
  /** Undefined where it is off. */
  tracing?: Tracing;
  settings: GatewaySettings;
  now: () => number;
  /** In milliseconds, from some moment on. Whatever lasts is measured by it: the machine's clock may be set at any time. */
  steadyNow: () => number;
  random: () => number;
}

/** What a deployment may set; see `config/`. */
export interface GatewaySettings {
  gatewayId: string;
  heartbeatIntervalMs: number;
  heartbeatTimeoutMs: number;
  drainMs: number;
  messagesPerSecond: number;
  connectionsPerUser: number;
  membersPerGroup: number;
  recallWindowMs: number;
  allowedOrigins: string[];
  trustProxy: boolean;
}
