import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  SamplingDecision,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { CMD } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';

/** A place in a trace as it travels: a `traceparent` of the W3C's Trace Context. */
export type TraceParent = string;

/** What came out of the log, and where in a trace it was put there. */
export interface TracedRecord {
  event: object | undefined;
  trace?: TraceParent;
}

export interface TracedBatch {
  topic: string;
  partition: number;
  records: TracedRecord[];
}

/**
 * The spans of a message, from its sender's frame to its receivers' sockets. Everything here is called where it happens:
 * no module is patched. The SDK reads what else it needs from the OTEL_ variables: exporter, sampler, limits.
 */
export interface Tracing extends AsyncDisposable {
  /** Handles a client's frame. It belongs to the client's own trace, where it names one. */
  frame<T>(packet: unknown, sessionId: string | undefined, work: () => T): T;
  /** Puts an event into the log; `work` sends the given place along. */
  produce<T>(topic: string, work: (trace: TraceParent | undefined) => Promise<T>): Promise<T>;
  /** Handles a batch. What is done for all of it belongs to the trace of its first sampled message; others are linked. */
  consume<T>(batch: TracedBatch, work: () => Promise<T>): Promise<T>;
  /** Where in a trace the event is being handled; undefined where it is not sampled. */
  placeOf(event: object): TraceParent | undefined;
  /** Calls a store, for what is being traced. */
  call<T>(store: string, command: string, work: () => Promise<T>): Promise<T>;
  /** Writes a pushed frame to sockets; gives how many. */
  deliver(parent: TraceParent, work: () => number): number;
  /** For log lines: what is being traced at this moment. */
  ids(): { trace_id?: string; span_id?: string };
}

const COMMAND_NAMES = new Map<unknown, string>(Object.entries(CMD).map(([name, cmd]) => [cmd, name]));

const SERVER_SPAN = { kind: SpanKind.SERVER };

/** How long a process that ends waits for its last spans to be taken; then they are lost. */
const FLUSH_MS_MAX = 2000;

export interface TracingOptions {
  serviceName: string;
  version: string;
  /**
   * From 0 to 1: the share of traces that begin here, drawn before there is a span. The SDK would make a span's id and
   * attributes first and ask its sampler then, which for a frame that is not sampled costs more than reading it. Left out,
   * its own sampler decides.
   */
  rootRatio?: number;
}

export function startTracing({ serviceName, version, rootRatio }: TracingOptions): Tracing {
  const sdk = new NodeSDK({
    serviceName,
    metricReaders: [],
    logRecordProcessors: [],
    ...(rootRatio !== undefined && { sampler: drawnAlready }),
  });
  sdk.start();
  // A collector that is away holds up nothing, and is no reason to end badly.
  const flush = async () => {
    const flushed = sdk.shutdown().catch(() => {});
    await Promise.race([flushed, sleep(FLUSH_MS_MAX, undefined, { ref: false })]);
  };
  return createTracing(trace.getTracer('seqline', version), rootRatio ?? 1, flush);
}

/** A trace that begins here was drawn; others go on as they came. */
const drawnAlready = {
  shouldSample(place: Context) {
    const origin = trace.getSpanContext(place);
    const decision =
      !origin || isSampled(origin) ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
    return { decision };
  },
  toString: () => 'drawnAlready',
};

function createTracing(tracer: Tracer, rootRatio: number, shutdown: () => Promise<void>): Tracing {
  const places = new WeakMap<object, TraceParent>();
  return {
    frame(packet, sessionId, work) {
      const { cmd, msg_id, traceparent } = (packet ?? {}) as Record<string, unknown>;
      const origin = parse(traceparent);
      if (!origin && Math.random() >= rootRatio) return work();
      const span = tracer.startSpan(
        `frame ${COMMAND_NAMES.get(cmd) ?? 'unknown'}`,
        SERVER_SPAN,
        contextOf(origin),
      );
      // Most are not recorded: those need neither attributes nor a context.
      if (!span.isRecording()) return work();
      span.setAttributes(frameAttributes(sessionId, msg_id));
      return within(span, work);
    },

    produce(topic, work) {
      if (!trace.getActiveSpan()?.isRecording()) return work(undefined);
      const span = tracer.startSpan(`send ${topic}`, {
        kind: SpanKind.PRODUCER,
        attributes: { ...messaging(topic, 'send'), 'messaging.operation.name': 'send' },
      });
      return within(span, () => work(sampledPlace(span)));
    },

    consume(batch, work) {
      const sampled = batch.records.filter(({ trace: place }) => isSampled(parse(place)));
      if (sampled.length === 0) return work();
      const spans = startAll(tracer, batch, sampled);
      sampled.forEach(({ event }, i) => {
        if (event) places.set(event, sampledPlace(spans[i]!)!);
      });
      const [first, ...others] = spans;
      return within(first!, work).finally(() => {
        for (const span of others) span.end();
      });
    },

    placeOf: (event) => places.get(event),

    call(store, command, work) {
      if (!trace.getActiveSpan()?.isRecording()) return work();
      const attributes = { 'db.system.name': store, 'db.operation.name': command };
      return within(tracer.startSpan(`${store} ${command}`, { kind: SpanKind.CLIENT, attributes }), work);
    },

    deliver(parent, work) {
      const span = tracer.startSpan('deliver', { kind: SpanKind.CONSUMER }, contextOf(parse(parent)));
      return within(span, () => {
        const sockets = work();
        span.setAttribute('seqline.sockets', sockets);
        return sockets;
      });
    },

    ids() {
      const span = trace.getActiveSpan();
      if (!span) return {};
      const { traceId, spanId } = span.spanContext();
      return { trace_id: traceId, span_id: spanId };
    },

    [Symbol.asyncDispose]: shutdown,
  };
}

function frameAttributes(sessionId: string | undefined, msgId: unknown): Attributes {
  const attributes: Attributes = {};
  if (sessionId !== undefined) attributes['session.id'] = sessionId;
  if (typeof msgId === 'string') attributes['messaging.message.id'] = msgId;
  return attributes;
}

/** One span for each sampled message, in the message's own trace; the first is linked with all others. */
function startAll(tracer: Tracer, batch: TracedBatch, sampled: TracedRecord[]): Span[] {
  const { topic, partition, records } = batch;
  const attributes = {
    ...messaging(topic, 'process'),
    'messaging.batch.message_count': records.length,
    'messaging.destination.partition.id': String(partition),
  };
  const origins = sampled.map(({ trace: place }) => parse(place)!);
  const start = (origin: SpanContext, links: Link[]) =>
    tracer.startSpan(
      `process ${topic}`,
      { kind: SpanKind.CONSUMER, attributes, links },
      trace.setSpanContext(ROOT_CONTEXT, origin),
    );
  const [own, ...others] = origins;
  const first = start(
    own!,
    others.map((origin) => ({ context: origin })),
  );
  return [first, ...others.map((origin) => start(origin, [{ context: first.spanContext() }]))];
}

function messaging(topic: string, operation: 'send' | 'process'): Attributes {
  return {
    'messaging.system': 'kafka',
    'messaging.destination.name': topic,
    'messaging.operation.type': operation,
  };
}

/** Runs the work with its span as the active one, and ends the span with it. */
function within<T>(span: Span, work: () => T): T {
  const end = (error?: unknown) => {
    if (error !== undefined) fail(span, error);
    span.end();
  };
  try {
    const result = context.with(trace.setSpan(context.active(), span), work);
    if (result instanceof Promise) {
      result.then(() => end(), end);
    } else end();
    return result;
  } catch (error) {
    end(error);
    throw error;
  }
}

/** A client that was refused is no fault. What an error says may be what people wrote, so its kind alone is told. */
function fail(span: Span, error: unknown): void {
  const refused = error instanceof Refusal;
  span.setAttribute('error.type', refused ? error.error : error instanceof Error ? error.name : 'unknown');
  if (!refused || error.error === 'internal' || error.error === 'unavailable') {
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

/** Version, trace, span and flags. https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

function parse(place: unknown): SpanContext | undefined {
  const match = typeof place === 'string' ? TRACEPARENT.exec(place) : null;
  if (!match) return undefined;
  const [, traceId, spanId, flags] = match;
  return {
    traceId: traceId!,
    spanId: spanId!,
    traceFlags: Number.parseInt(flags!, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
}

function contextOf(origin: SpanContext | undefined): Context {
  return origin ? trace.setSpanContext(ROOT_CONTEXT, origin) : ROOT_CONTEXT;
}

function isSampled(place: SpanContext | undefined): boolean {
  return place !== undefined && (place.traceFlags & TraceFlags.SAMPLED) !== 0;
}

/** What is not sampled is not carried on: nobody asks for it. */
function sampledPlace(span: Span): TraceParent | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return (traceFlags & TraceFlags.SAMPLED) !== 0 ? `00-${traceId}-${spanId}-01` : undefined;
}
