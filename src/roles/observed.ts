import { StoreConflict, StoreUnavailable } from '../ports/errors.ts';
import type { Metrics, StoreErrorReason } from '../telemetry/metrics.ts';

type Call = (...args: unknown[]) => Promise<unknown>;

/** The port with every call timed under its name, and its errors counted. What it has beside calls stays as it is. */
export function observed<T extends object>(port: T, store: string, metrics: Metrics): T {
  for (const reason of ['unavailable', 'fault'] satisfies StoreErrorReason[]) {
    metrics.storeErrors.inc({ store, reason }, 0);
  }
  const calls = Object.entries(port).filter(([, call]) => typeof call === 'function');
  return { ...port, ...Object.fromEntries(calls.map(([name, call]) => [name, timed(name, call)])) };

  function timed(command: string, call: Call): Call {
    return async (...args) => {
      const end = metrics.storeSeconds.startTimer({ store, command });
      try {
        return await call(...args);
      } catch (error) {
        const reason = reasonOf(error, store);
        if (reason) metrics.storeErrors.inc({ store, reason });
        throw error;
      } finally {
        end();
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
