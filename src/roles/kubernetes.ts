import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Config } from '../config/config.ts';
import { type Leadership, startLeadership } from '../controller/leadership.ts';
import type { GatewayPods } from '../ports/gateway-pods.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface Kubernetes {
  leadership: Leadership;
  pods: GatewayPods;
}

/** Stands for the Lease, and knows the gateways' pods. The library is loaded here: only controllers in a cluster need it. */
export async function openKubernetes(config: Config, namespace: string, logger: Logger): Promise<Kubernetes> {
  const [{ openKubernetesApi }, { createKubernetesLease }, { createKubernetesGatewayPods }] =
    await Promise.all([
      import('../adapters/kubernetes/kubernetes-api.ts'),
      import('../adapters/kubernetes/kubernetes-lease.ts'),
      import('../adapters/kubernetes/kubernetes-gateway-pods.ts'),
    ]);
  const api = openKubernetesApi();
  return {
    leadership: startLeadership({
      lease: createKubernetesLease({ api, namespace, name: config.KUBERNETES_LEASE }),
      // A host's name may be cut short, and a container that restarts must not be taken for the one before it.
      identity: `${os.hostname()}_${randomUUID()}`,
      logger,
      now: () => performance.now(),
    }),
    pods: createKubernetesGatewayPods({ api, namespace, selector: config.KUBERNETES_GATEWAYS }),
  };
}
