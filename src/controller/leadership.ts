import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease, LeaseRecord } from '../ports/lease.ts';
import type { Logger } from '../telemetry/logger.ts';
import { claim, LEASE_TIMES, type Sighting, sighted } from './candidacy.ts';

export interface Leadership extends AsyncDisposable {
  /** Whether this process may act now. */
  isActive(): boolean;
}

export interface LeadershipOptions {
  lease: Lease;
  /** Names this process among all that stand for the lease. */
  identity: string;
  logger: Logger;
  /** Ms of a clock that never goes back. */
  now: () => number;
}

/** Stands for the lease from now on; disposing gives it back, so that another need not wait until it lapses. */
export function startLeadership({ lease, identity, logger, now }: LeadershipOptions): Leadership {
  const ending = new AbortController();
  let activeUntil = Number.NEGATIVE_INFINITY;
  let wasActive = false;
  let sighting: Sighting | undefined;
  let mine: LeaseRecord | undefined;
  const isActive = () => now() < activeUntil;

  async function stand(): Promise<void> {
    const record = await lease.read();
    sighting = sighted(sighting, record, now());
    mine = undefined;
    const wanted = claim(record, sighting, identity, now());
    if (!wanted) {
      activeUntil = Number.NEGATIVE_INFINITY;
      return;
    }
    // Others count from when they see the write, which is never before it began.
    const begunAt = now();
    const version = await lease.write(wanted);
    if (version === undefined) return;
    mine = { ...wanted, version };
    activeUntil = begunAt + LEASE_TIMES.activeMs;
  }

  function tell(): void {
    if (isActive() !== wasActive)
      logger.info({ identity }, wasActive ? 'inactive' : 'active: the lease is ours');
    wasActive = isActive();
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      await stand().catch((error) => logger.warn({ err: error }, 'the lease is out of reach'));
      tell();
      await sleep(LEASE_TIMES.retryMs, undefined, { signal: ending.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    isActive,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
      activeUntil = Number.NEGATIVE_INFINITY;
      if (!mine) return;
      await lease
        .write({ ...mine, holder: '' })
        .catch((error) => logger.warn({ err: error }, 'the lease was not given back; it will lapse'));
    },
  };
}
