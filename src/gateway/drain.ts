import { setTimeout as sleep } from 'node:timers/promises';
import { eventFrame } from '../protocol/frames.ts';
import type { Gateway } from './gateway-state.ts';

/** The share of DRAIN_MS over which the closes are spread; the rest is for the last to go. */
const SPREAD = 0.8;
const LOOK_MS = 50;

/**
 * Sends everyone away: each session is told when to come back, a time drawn at random, and is served until then and
 * closed with 1012. Resolves when all are gone, at the latest after DRAIN_MS; who is left then is cut off.
 */
export async function drain(gateway: Gateway): Promise<void> {
  const { drainMs } = gateway.settings;
  gateway.draining = true;
  const deadline = performance.now() + drainMs;
  const timers: NodeJS.Timeout[] = [];
  for (const session of gateway.connections) {
    const after = Math.floor(gateway.random() * drainMs * SPREAD);
    if (session.state === 'open') session.write(eventFrame({ type: 'drain', reconnect_after_ms: after }));
    timers.push(setTimeout(() => session.close('restart'), after));
  }
  while (gateway.connections.size > 0 && performance.now() < deadline) {
    gateway.metrics.drainRemaining.set(gateway.connections.size);
    await sleep(LOOK_MS);
  }
  for (const timer of timers) clearTimeout(timer);
  for (const session of gateway.connections) session.terminate();
  gateway.metrics.drainRemaining.set(0);
}
