import type { Route } from './registry.ts';

/** What a gateway last told of itself. */
export interface GatewaySign {
  gatewayId: string;
  /** When, ms since 1970 by the store's clock. */
  at: number;
  connections: number;
}

/** Which gateways there are, by their own signs of life. It may be emptied at any time: the next signs fill it again. */
export interface Gateways {
  /** A gateway that runs says so, again and again. */
  sign(gatewayId: string, connections: number): Promise<void>;

  /** All that were given and not forgotten, however old. */
  signs(): Promise<GatewaySign[]>;

  /** For a gateway that ends, or one found silent; if that one lives after all, its next sign brings it back. */
  forget(gatewayId: string): Promise<void>;

  /**
   * The routes that lead to the gateway, page by page. It looks through all routes, so it is not for every day. One
   * that is registered meanwhile may be missed, and a route may come twice.
   */
  routesTo(gatewayId: string): AsyncIterable<Route[]>;
}
