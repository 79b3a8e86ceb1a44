import type { LeaseRecord } from '../ports/lease.ts';

/** Times of a lease, as Kubernetes' own components keep them. */
export const LEASE_TIMES = {
  /** For how long others leave it alone after they saw it renewed. */
  durationMs: 15_000,
  /** Who has not managed to renew for this long is active no more; well before the others may begin. */
  activeMs: 10_000,
  retryMs: 2000,
} as const;

/** What this process saw last of the lease, and when it saw that first, by its own clock. */
export interface Sighting {
  version: string;
  since: number;
}

/** The same version keeps the time at which it was first seen. */
export function sighted(before: Sighting | undefined, { version }: LeaseRecord, now: number): Sighting {
  return before?.version === version ? before : { version, since: now };
}

/**
 * What to write to have the lease, or to keep it; undefined while it is another's. Times that others wrote are not
 * looked at, as their clocks may be wrong: a lease has lapsed when it has stood still under our own eyes for as long
 * as it lasts.
 */
export function claim(
  record: LeaseRecord,
  sighting: Sighting,
  identity: string,
  now: number,
): LeaseRecord | undefined {
  const ours = { ...record, holder: identity, durationMs: LEASE_TIMES.durationMs };
  if (record.holder === identity) return ours;
  const isFree = record.holder === '' || now - sighting.since >= record.durationMs;
  return isFree ? { ...ours, transitions: record.transitions + 1 } : undefined;
}
