/** One device's session and the gateway that holds its socket. */
export interface Route {
  user_id: string;
  device_id: string;
  gateway_id: string;
  /** Session ids grow with time (see `newSessionId`): of two sessions of a device the greater is the newer. */
  session_id: string;
}

export type Registration =
  /** The session holds the device. `replaced` is the older session, which is to be closed; `came` when nobody of the user was online. */
  | { outcome: 'registered'; replaced?: Route; came: boolean }
  /** A newer session holds the device. */
  | { outcome: 'superseded' }
  /** The user is online on as many devices as are allowed. */
  | { outcome: 'full' };

export interface PresenceState {
  online: boolean;
  devices: number;
  /** Ms since 1970: now where online; null where never seen, or forgotten. */
  lastSeen: number | null;
}

/**
 * Who is where. It may be emptied at any time; routes come back by `refresh`. A route that is not refreshed lapses
 * after `ttlMs` of the adapter's making. Each method is atomic per user.
 */
export interface Registry {
  /** Ms since 1970, by the one clock that all gateways go by in ordering their sessions, whatever their own clocks say. */
  now(): Promise<number>;

  register(route: Route, devicesMax: number): Promise<Registration>;

  /** Keeps routes alive and puts back lost ones, unless a newer session holds the device: those are returned. */
  refresh(routes: Route[]): Promise<Route[]>;

  /** Removes the route if it is still this session's. `left` when the user is online nowhere any more because of it. */
  unregister(route: Route): Promise<{ left: boolean }>;

  /** All routes of each of the users; a user who is offline is absent. */
  routes(userIds: string[]): Promise<Map<string, Route[]>>;

  /** One entry per user asked for. */
  presence(userIds: string[]): Promise<Map<string, PresenceState>>;
}
