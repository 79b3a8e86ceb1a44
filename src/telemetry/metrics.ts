import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { CLOSES, CODES } from '../protocol/codes.ts';
import { HotHistogram } from './hot-histogram.ts';

/** Seconds; fine around the objectives: sent p99 ≤ 20 ms, delivered p99 ≤ 100 ms. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];
const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Seconds; coarse, because there are many commands. */
const COMMAND_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2];

export type WorkerStage = 'dedup' | 'sequence' | 'store' | 'inbox' | 'push';
export type PullKind = 'conversation' | 'history' | 'inbox' | 'conversations';
export type Metrics = ReturnType<typeof createMetrics>;

/** What a process of each role shows; what it has no part in would be a zero that says nothing. */
const PARTS = {
  standalone: ['gateway', 'lag', 'worker'],
  gateway: ['gateway'],
  worker: ['lag', 'worker'],
  controller: ['lag'],
};
export type MeasuredRole = keyof typeof PARTS;

/** All metrics of a process. No label ever holds a user, a conversation or a session, nor what a client may choose. */
export function createMetrics(role: MeasuredRole = 'standalone', version = 'unknown') {
  const register = new Registry();
  collectDefaultMetrics({ register });
  new Gauge({
    name: 'im_build_info',
    help: 'Always 1: the role of the process and the version that it runs.',
    labelNames: ['role', 'version'],
    registers: [register],
  }).set({ role, version }, 1);
  const shownIn = (part: string) => (PARTS[role].includes(part) ? [register] : []);
  return {
    register,
    ...gatewayMetrics(shownIn('gateway')),
    ...appendMetrics(shownIn('gateway')),
    ...endToEndMetrics(shownIn('gateway')),
    ...lagMetrics(shownIn('lag')),
    ...workerMetrics(shownIn('worker')),
    ...storeMetrics([register]),
  };
}

/** A counter that first shows itself with a 1 has never grown, to Prometheus: an alert would miss the first. */
function fromZero<L extends string>(counter: Counter<L>, labels: Partial<Record<L, string>>[]): Counter<L> {
  for (const values of labels) counter.inc(values, 0);
  return counter;
}

function gatewayMetrics(registers: Registry[]) {
  return {
    connections: new Gauge({
      name: 'im_gateway_connections',
      help: 'Open WebSocket connections.',
      registers,
    }),
    logins: fromZero(
      new Counter({
        name: 'im_gateway_logins_total',
        help: 'Logins by result: ok, or the code name of the refusal.',
        labelNames: ['result'],
        registers,
      }),
      Object.keys(CODES).map((result) => ({ result })),
    ),
    packets: createPacketCounter(registers),
    closes: createCloseCounter(registers),
    outboxBytes: new Gauge({
      name: 'im_gateway_outbox_bytes',
      help: 'Bytes that wait for slow readers.',
      registers,
    }),
    sendSeconds: new HotHistogram({
      name: 'im_gateway_send_duration_seconds',
      help: 'From a chat packet read to "sent" written.',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    pushFrames: new Counter({
      name: 'im_gateway_push_frames_total',
      help: 'Frames written without being asked for: messages and events.',
      registers,
    }),
    groupPushesSkipped: new Counter({
      name: 'im_gateway_group_pushes_skipped_total',
      help: 'Messages to large groups that were left for clients to pull, because too many waited to be pushed.',
      registers,
    }),
    drainRemaining: new Gauge({
      name: 'im_gateway_drain_remaining',
      help: 'Connections that a draining gateway has yet to close.',
      registers,
    }),
  };
}

function appendMetrics(registers: Registry[]) {
  return {
    appendSeconds: new HotHistogram({
      name: 'im_log_append_duration_seconds',
      help: 'Until the log made a message durable.',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    appendErrors: new Counter({
      name: 'im_log_append_errors_total',
      help: 'Messages that the log refused.',
      registers,
    }),
    appendBatchSize: new Histogram({
      name: 'im_log_append_batch_size',
      help: 'Events that the log took in one write.',
      buckets: SIZE_BUCKETS,
      registers,
    }),
  };
}

/** Codes that the protocol of WebSockets gives a meaning, beside our own. */
const STANDARD_CLOSES = [1000, 1001, 1002, 1005, 1006, 1011];
const KNOWN_CLOSES = new Set<number>([...STANDARD_CLOSES, ...Object.values(CLOSES).map(({ code }) => code)]);

/** A client may close with any of 3000 to 4999: those that nobody knows are counted as one. */
function createCloseCounter(registers: Registry[]) {
  const counter = new Counter({
    name: 'im_gateway_closes_total',
    help: 'Connections that ended, by close code; `other` is a code that a client made up.',
    labelNames: ['code'],
    registers,
  });
  for (const code of [...KNOWN_CLOSES, 'other']) counter.inc({ code }, 0);
  return {
    inc(code: number): void {
      counter.inc({ code: KNOWN_CLOSES.has(code) ? code : 'other' });
    },
  };
}

/** More than any code. */
const CODES_MAX = 1000;

/**
 * Packets by command and code. They are many and their label sets few, so they are counted in a map of our own, and
 * the library hears of them when it is asked.
 */
function createPacketCounter(registers: Registry[]) {
  const counts = new Map<number, { cmd: number; code: number; count: number }>();
  new Counter({
    name: 'im_gateway_packets_total',
    help: 'Packets of clients by command and code of the answer.',
    labelNames: ['cmd', 'code'],
    registers,
    collect() {
      this.reset();
      for (const { cmd, code, count } of counts.values()) this.inc({ cmd, code }, count);
    },
  });
  return {
    inc(cmd: number, code: number): void {
      const key = cmd * CODES_MAX + code;
      const known = counts.get(key);
      if (known) known.count++;
      else counts.set(key, { cmd, code, count: 1 });
    },
  };
}

function lagMetrics(registers: Registry[]) {
  return {
    lag: new Gauge({
      name: 'im_log_consumer_lag',
      help: 'Events of the log that no worker has done with.',
      labelNames: ['partition'],
      registers,
    }),
    oldestAge: new Gauge({
      name: 'im_log_oldest_age_seconds',
      help: 'Age of the oldest event that no worker has done with.',
      registers,
    }),
  };
}

function workerMetrics(registers: Registry[]) {
  return {
    messages: fromZero(
      new Counter({
        name: 'im_worker_messages_total',
        help: 'Messages by outcome: stored, duplicate, rejected.',
        labelNames: ['outcome'],
        registers,
      }),
      ['stored', 'duplicate', 'rejected'].map((outcome) => ({ outcome })),
    ),
    batchSize: new Histogram({
      name: 'im_worker_batch_size',
      help: 'Events in a batch.',
      buckets: SIZE_BUCKETS,
      registers,
    }),
    stageSeconds: new Histogram({
      name: 'im_worker_stage_duration_seconds',
      help: 'Time of one stage for one batch; `store` holds `sequence`.',
      labelNames: ['stage'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    reseeds: new Counter({
      name: 'im_worker_reseeds_total',
      help: 'Counters that disagreed with the timeline and were set from it.',
      registers,
    }),
    deadLetters: fromZero(
      new Counter({
        name: 'im_worker_dead_letters_total',
        help: 'Events that went to the dead letters, by reason.',
        labelNames: ['reason'],
        registers,
      }),
      ['conflict', 'forbidden', 'bad_event', 'failed'].map((reason) => ({ reason })),
    ),
    retries: fromZero(
      new Counter({
        name: 'im_worker_retries_total',
        help: 'Batches tried again: of a topic as a whole, or, with `store`, of messages that others stored meanwhile.',
        labelNames: ['stage'],
        registers,
      }),
      ['messages', 'receipts', 'store'].map((stage) => ({ stage })),
    ),
  };
}

function endToEndMetrics(registers: Registry[]) {
  return {
    deliverySeconds: new HotHistogram({
      name: 'im_delivery_latency_seconds',
      help: "From a message's acceptance by a gateway to its frame written to the receivers' sockets, one for each gateway that holds any.",
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    clockSkews: new Counter({
      name: 'im_delivery_clock_skew_total',
      help: 'Deliveries that came before their acceptance by the clocks of the two gateways; their latency counts as 0.',
      registers,
    }),
    pullSeconds: new Histogram({
      name: 'im_pull_duration_seconds',
      help: 'Time of a pull.',
      labelNames: ['kind'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    pullMessages: new Counter({
      name: 'im_pull_messages_total',
      help: 'Messages given by pulls.',
      labelNames: ['kind'],
      registers,
    }),
  };
}

/** `unavailable`: out of reach, or no answer in time. `fault`: it refused what it was asked, which is a fault of ours. */
export type StoreErrorReason = 'unavailable' | 'fault';

function storeMetrics(registers: Registry[]) {
  return {
    storeSeconds: new Histogram({
      name: 'im_store_command_duration_seconds',
      help: 'Time of one call to a store, repeated attempts included.',
      labelNames: ['store', 'command'],
      buckets: COMMAND_BUCKETS,
      registers,
    }),
    storeErrors: new Counter({
      name: 'im_store_errors_total',
      help: 'Calls to a store that failed: unavailable, fault.',
      labelNames: ['store', 'reason'],
      registers,
    }),
    poolSize: new Gauge({
      name: 'im_store_pool_size',
      help: 'Connections to the store that this process may have.',
      labelNames: ['store'],
      registers,
    }),
    poolUsed: new Gauge({
      name: 'im_store_pool_used',
      help: 'Connections to the store that are lent.',
      labelNames: ['store'],
      registers,
    }),
    poolWaiting: new Gauge({
      name: 'im_store_pool_waiting',
      help: 'Calls that wait for a connection to the store.',
      labelNames: ['store'],
      registers,
    }),
  };
}
