import { PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import type { GatewayPods } from '../../ports/gateway-pods.ts';
import { isNotFound, type KubernetesApi, said } from './kubernetes-api.ts';

/** What the controller of a ReplicaSet looks at when it has to delete some of its pods. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

export interface KubernetesGatewayPodsOptions {
  api: KubernetesApi;
  namespace: string;
  /** Labels of the gateways' pods. */
  selector: string;
}

export function createKubernetesGatewayPods({
  api,
  namespace,
  selector,
}: KubernetesGatewayPodsOptions): GatewayPods {
  return {
    async list() {
      const { items } = await said(api.core.listNamespacedPod({ namespace, labelSelector: selector }));
      return items.map(({ metadata }) => ({
        name: metadata!.name!,
        deletionCost: Number(metadata!.annotations?.[DELETION_COST] ?? 0),
      }));
    },

    async setDeletionCost(name, cost) {
      const body = { metadata: { annotations: { [DELETION_COST]: String(cost) } } };
      const asMerge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
      await said(
        api.core.patchNamespacedPod({ namespace, name, body }, asMerge).catch((error) => {
          if (!isNotFound(error)) throw error;
        }),
      );
    },
  };
}
