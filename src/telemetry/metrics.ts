import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds; fine around the objectives: sent p99 ≤ 20 ms, delivered p99 ≤ 100 ms. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.07, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];
const SIZE_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

export type WorkerStage = 'dedup' | 'sequence' | 'store' | 'inbox' | 'push';
export type PullKind = 'conversation' | 'history' | 'inbox' | 'conversations';
export type Metrics = ReturnType<typeof createMetrics>;

/** All metrics of a process. No label ever holds a user, a conversation or a session. */
export function createMetrics() {
  const register = new Registry();
  collectDefaultMetrics({ register });
  return {
    register,
    ...gatewayMetrics([register]),
    ...workerMetrics([register]),
    ...endToEndMetrics([register]),
  };
}

function gatewayMetrics(registers: Registry[]) {
  return {
    connections: new Gauge({
      name: 'im_gateway_connections',
      help: 'Open WebSocket connections.',
      registers,
    }),
    logins: new Counter({
      name: 'im_gateway_logins_total',
      help: 'Logins by result: ok, or the code name of the refusal.',
      labelNames: ['result'],
      registers,
    }),
    packets: createPacketCounter(registers),
    closes: new Counter({
      name: 'im_gateway_closes_total',
      help: 'Connections that ended, by close code.',
      labelNames: ['code'],
      registers,
    }),
    outboxBytes: new Gauge({
      name: 'im_gateway_outbox_bytes',
      help: 'Bytes that wait for slow readers.',
      registers,
    }),
    sendSeconds: new Histogram({
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
    drainRemaining: new Gauge({
      name: 'im_gateway_drain_remaining',
      help: 'Connections that a draining gateway has yet to close.',
      registers,
    }),
    appendSeconds: new Histogram({
      name: 'im_log_append_duration_seconds',
      help: 'Until the log made an event durable.',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    appendErrors: new Counter({
      name: 'im_log_append_errors_total',
      help: 'Appends that the log refused.',
      registers,
    }),
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

function workerMetrics(registers: Registry[]) {
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
    messages: new Counter({
      name: 'im_worker_messages_total',
      help: 'Messages by outcome: stored, duplicate, rejected.',
      labelNames: ['outcome'],
      registers,
    }),
    batchSize: new Histogram({
      name: 'im_worker_batch_size',
      help: 'Events in a batch.',
      buckets: SIZE_BUCKETS,
      registers,
    }),
    stageSeconds: new Histogram({
      name: 'im_worker_stage_duration_seconds',
      help: 'Time of one stage for one batch.',
      labelNames: ['stage'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    reseeds: new Counter({
      name: 'im_worker_reseeds_total',
      help: 'Counters that disagreed with the timeline and were set from it.',
      registers,
    }),
    deadLetters: new Counter({
      name: 'im_worker_dead_letters_total',
      help: 'Events that went to the dead letters, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    retries: new Counter({
      name: 'im_worker_retries_total',
      help: 'Batches tried again, by the topic they came from.',
      labelNames: ['stage'],
      registers,
    }),
  };
}

function endToEndMetrics(registers: Registry[]) {
  return {
    deliverySeconds: new Histogram({
      name: 'im_delivery_latency_seconds',
      help: "From a message's acceptance by a gateway to its frame written to a receiver's socket.",
      buckets: LATENCY_BUCKETS,
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
