import * as real from '../../../../src/roles/tracing.ts';
import type { Tracing } from '../../../../src/telemetry/tracing.ts';
import { state } from './state.ts';

export * from '../../../../src/roles/tracing.ts';

/** Tracing that does the work and nothing else while it is switched off. */
export async function openTracing(
  ...args: Parameters<typeof real.openTracing>
): Promise<Tracing | undefined> {
  const tracing = await real.openTracing(...args);
  return (
    tracing && {
      ...tracing,
      frame: (packet, sessionId, work) => (state.on ? tracing.frame(packet, sessionId, work) : work()),
      produce: (topic, work) => (state.on ? tracing.produce(topic, work) : work(undefined)),
      consume: (batch, work) => (state.on ? tracing.consume(batch, work) : work()),
      placeOf: (event) => (state.on ? tracing.placeOf(event) : undefined),
      call: (store, command, work) => (state.on ? tracing.call(store, command, work) : work()),
      deliver: (parent, work) => (state.on ? tracing.deliver(parent, work) : work()),
      ids: () => (state.on ? tracing.ids() : {}),
    }
  );
}
