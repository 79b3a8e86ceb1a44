import { type V1Lease, V1MicroTime } from '@kubernetes/client-node';
import type { Lease, LeaseRecord } from '../../ports/lease.ts';
import { isConflict, isNotFound, type KubernetesApi, said } from './kubernetes-api.ts';

const SECOND_MS = 1000;

export interface KubernetesLeaseOptions {
  api: KubernetesApi;
  namespace: string;
  name: string;
}

/**
 * A Lease that is there already: so a controller needs no right to create one, and whoever removes the installation
 * removes it too.
 */
export function createKubernetesLease({ api, namespace, name }: KubernetesLeaseOptions): Lease {
  let last: V1Lease | undefined;
  return {
    async read() {
      try {
        last = await api.coordination.readNamespacedLease({ namespace, name });
      } catch (error) {
        if (!isNotFound(error)) return said(Promise.reject(error));
        throw new Error(`There is no Lease ${name} in ${namespace}: the chart makes it.`);
      }
      return recordOf(last);
    },

    async write(record) {
      const body = leaseOf(record, last!);
      try {
        last = await api.coordination.replaceNamespacedLease({ namespace, name, body });
      } catch (error) {
        if (isConflict(error)) return undefined;
        return said(Promise.reject(error));
      }
      return last.metadata!.resourceVersion!;
    },
  };
}

function recordOf({ metadata, spec }: V1Lease): LeaseRecord {
  return {
    holder: spec?.holderIdentity ?? '',
    durationMs: (spec?.leaseDurationSeconds ?? 0) * SECOND_MS,
    transitions: spec?.leaseTransitions ?? 0,
    version: metadata!.resourceVersion!,
  };
}

/** The times in it are for people: nobody's decision rests on them. */
function leaseOf(record: LeaseRecord, last: V1Lease): V1Lease {
  const now = new V1MicroTime();
  const changesHands = last.spec?.holderIdentity !== record.holder;
  return {
    ...last,
    metadata: { ...last.metadata, resourceVersion: record.version },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: record.durationMs / SECOND_MS,
      leaseTransitions: record.transitions,
      acquireTime: changesHands ? now : (last.spec?.acquireTime ?? now),
      renewTime: now,
    },
  };
}
