import { observed as realObserved } from '../../../../src/roles/observed.ts';
import { type Call, switched } from './state.ts';

/** A port whose calls are the bare ones while the metrics are switched off. */
export function observed<T extends object>(
  port: T,
  store: string,
  seen: Parameters<typeof realObserved>[2],
): T {
  const measured = realObserved(port, store, seen) as Record<string, unknown>;
  const calls = Object.entries(port).filter(([, call]) => typeof call === 'function');
  const switchable = calls.map(([name, bare]) => [name, switched(measured[name] as Call, bare)]);
  return { ...port, ...Object.fromEntries(switchable) };
}
