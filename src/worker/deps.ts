import type { EventLog } from '../ports/event-log.ts';
import type { Inbox } from '../ports/inbox.ts';
import type { PushBus } from '../ports/push-bus.ts';
import type { Registry } from '../ports/registry.ts';
import type { Sequencer } from '../ports/sequencer.ts';
import type { Timeline } from '../ports/timeline.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** What a worker stands on. */
export interface WorkerDeps {
  log: EventLog;
  timeline: Timeline;
  sequencer: Sequencer;
  inbox: Inbox;
  registry: Registry;
  bus: PushBus;
  logger: Logger;
  metrics: Metrics;
  /** Undefined where it is off. */
  tracing?: Tracing;
  now: () => number;
}
