import type { Config } from '../config/config.ts';
import { packageVersion } from '../config/package.ts';
import type { EventLog } from '../ports/event-log.ts';
import type { Topic } from '../ports/log-events.ts';
import type { Tracing } from '../telemetry/tracing.ts';

/** Of this sampler the ratio is applied by us; the SDK reads the others from the environment itself. */
const DRAWN_HERE = 'parentbased_traceidratio';

/** Only where traces go somewhere is the library loaded at all. */
export async function openTracing(config: Config, stack: AsyncDisposableStack): Promise<Tracing | undefined> {
  if (!config.OTEL_EXPORTER_OTLP_ENDPOINT) return undefined;
  const { startTracing } = await import('../telemetry/tracing.ts');
  return stack.use(
    startTracing({
      serviceName: config.OTEL_SERVICE_NAME ?? `seqline-${config.role}`,
      version: packageVersion(),
      ...(config.OTEL_TRACES_SAMPLER === DRAWN_HERE && { rootRatio: config.OTEL_TRACES_SAMPLER_ARG }),
    }),
  );
}

/** The log with a span for each append and each batch that is handled, and the place in the trace sent along. */
export function traced(
  log: EventLog,
  tracing: Tracing | undefined,
  nameOf: (topic: Topic) => string,
): EventLog {
  if (!tracing) return log;
  return {
    ...log,
    append: (topic, key, event) =>
      tracing.produce(nameOf(topic), (trace) => log.append(topic, key, event, trace)),
    consume: (topic, handler) =>
      log.consume(topic, (batch) => {
        const { partition, records } = batch;
        return tracing.consume({ topic: nameOf(topic), partition, records }, () => handler(batch));
      }),
  };
}
