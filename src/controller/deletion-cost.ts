import type { GatewayPod } from '../ports/gateway-pods.ts';
import type { GatewaySign } from '../ports/gateways.ts';

/** A cost is left alone while it is this near to the truth, so that the API server does not hear of every connection. */
const TOLERANCE = 0.2;
const TOLERANCE_CONNECTIONS = 10;

/**
 * The costs to be written: a pod costs as many as it holds connections, so that scaling down disturbs the fewest. What
 * is near enough stays as it is; an empty pod is always told from one that is not.
 */
export function costChanges(pods: GatewayPod[], signs: GatewaySign[]): GatewayPod[] {
  const connections = new Map(signs.map((sign) => [sign.gatewayId, sign.connections]));
  return pods.flatMap(({ name, deletionCost }) => {
    const wanted = connections.get(name) ?? 0;
    return isNear(deletionCost, wanted) ? [] : [{ name, deletionCost: wanted }];
  });
}

function isNear(cost: number, wanted: number): boolean {
  if ((cost === 0) !== (wanted === 0)) return false;
  return Math.abs(wanted - cost) <= Math.max(TOLERANCE_CONNECTIONS, TOLERANCE * cost);
}
