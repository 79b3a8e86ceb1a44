/** The pod in which a gateway runs; its name is the gateway's id. */
export interface GatewayPod {
  name: string;
  /** Of two pods that are as good as each other the one of lower cost is deleted first; 0 where nobody said. */
  deletionCost: number;
}

/** The gateways' pods, where they run in Kubernetes. */
export interface GatewayPods {
  list(): Promise<GatewayPod[]>;

  /** Harmless where the pod is gone. */
  setDeletionCost(name: string, cost: number): Promise<void>;
}
