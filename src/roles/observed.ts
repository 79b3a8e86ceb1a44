import { StoreConflict, StoreUnavailable } from '../ports/errors.ts';
import type { Metrics, StoreErrorReason } from '../telemetry/metrics.ts';
import type { Tracing } from '../telemetry/tracing.ts';

type Call = (...args: unknown[]) => Promise<unknown>;

/** The port with every call timed and traced under its name, and its errors counted. What it has beside calls stays as it is. */
export function observed<T extends object>(
  port: T,
  store: string,
  { metrics, tracing }: { metrics: Metrics; tracing?: Tracing },
): T {
  for (const reason of ['unavailable', 'fault'] satisfies StoreErrorReason[]) {
    metrics.storeErrors.inc({ store, reason }, 0);
  }
  const calls = Object.entries(port).filter(([, call]) => typeof call === 'function');
  return { ...port, ...Object.fromEntries(calls.map(([name, call]) => [name, timed(name, call)])) };

  function timed(command: string, call: Call): Call {
    const seconds = metrics.storeSeconds.labels(store, command);
    return async (...args) => {
      const startedAt = performance.now();
      try {
        return await (tracing ? tracing.call(store, command, () => call(...args)) : call(...args));
      } catch (error) {
        const reason = reasonOf(error, store);
        if (reason) metrics.storeErrors.inc({ store, reason });
        throw error;
      } finally {
        seconds.observe((performance.now() - startedAt) / 1000);
      }
    };
  }
}

/** Undefined where it is no error of this store: it was overtaken, or another store was asked meanwhile. */
function reasonOf(error: unknown, store: string): StoreErrorReason | undefined {
  if (error instanceof StoreConflict) return undefined;
  if (!(error instanceof StoreUnavailable)) return 'fault';
  return error.store === store ? 'unavailable' : undefined;
}
