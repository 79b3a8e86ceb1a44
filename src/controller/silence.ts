import type { GatewaySign } from '../ports/gateways.ts';

/** Tells which gateways are gone. */
export interface SilenceWatch {
  /** What was seen just now; gives those that have been silent for too long. */
  observe(signs: GatewaySign[]): GatewaySign[];

  /** Nothing could be seen: until the next look everyone may have given signs, or been unable to. */
  interrupted(): void;
}

/**
 * A gateway is gone when its last sign has stood still for `silentMs`, by our own clock and under our own eyes. The age
 * of a sign would not do: after an outage of the store every sign is old, and all who gave them live.
 */
export function createSilenceWatch(silentMs: number, now: () => number): SilenceWatch {
  let still = new Map<string, { at: number; since: number }>();
  return {
    observe(signs) {
      const seenAt = now();
      const seen: typeof still = new Map();
      for (const { gatewayId, at } of signs) {
        const before = still.get(gatewayId);
        seen.set(gatewayId, before?.at === at ? before : { at, since: seenAt });
      }
      still = seen;
      return signs.filter(({ gatewayId }) => seenAt - seen.get(gatewayId)!.since >= silentMs);
    },
    interrupted() {
      still = new Map();
    },
  };
}
