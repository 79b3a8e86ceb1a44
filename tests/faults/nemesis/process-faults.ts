import assert from 'node:assert/strict';
import type { ClusterProcess } from '../../harness/cluster-process.ts';
import type { Fault } from './fault.ts';

/** What may happen to a gateway or a worker. */
export function processFaults(target: ClusterProcess, subject: string): Fault[] {
  const signal = (name: string) => `${name} of ${subject}`;
  return [
    {
      name: signal('SIGKILL'),
      subject,
      async begin() {
        target.signal('SIGKILL');
        await target.exited();
        return () => target.start();
      },
    },
    {
      name: signal('SIGTERM'),
      subject,
      async begin() {
        assert.deepEqual(await target.stop(), { code: 0, signal: null }, target.log());
        return () => target.start();
      },
    },
    {
      name: signal('SIGSTOP'),
      subject,
      async begin() {
        target.signal('SIGSTOP');
        return async () => target.signal('SIGCONT');
      },
    },
  ];
}

/**
 * A worker sleeps until the others hold its partitions, and wakes amid what it did: whatever it had begun, it would
 * finish as if nothing had been.
 */
export function zombieFault(
  target: ClusterProcess,
  subject: string,
  group: { complete(): Promise<void>; expelled(): Promise<void> },
): Fault {
  return {
    name: `zombie of ${subject}`,
    subject,
    async begin() {
      await group.complete();
      target.signal('SIGSTOP');
      await group.expelled().catch((error) => {
        target.signal('SIGCONT');
        throw error;
      });
      return async () => target.signal('SIGCONT');
    },
  };
}
