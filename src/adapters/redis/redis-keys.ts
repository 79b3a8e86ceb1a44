/**
 * Everything that seqline names in Redis. Braces are written: Redis Cluster puts keys with the same text in braces in
 * one slot, so a script that takes the keys of one user runs there too.
 */
export const REDIS_KEYS = {
  /** Integer: the last number taken. Kept for ever. */
  seq: (conversationId: string) => `im:seq:${conversationId}`,
  /** Sorted set: score `inbox_seq`, member the message's JSON. */
  inbox: (userId: string) => `im:inbox:{${userId}}`,
  /** Hash: epoch, and seq of the newest message. Outlives the set. */
  inboxMeta: (userId: string) => `im:inbox:{${userId}}:meta`,
  /** Hash: conversation_id → the greatest `seq` of it that was appended. Tells quickly what is not there yet. */
  inboxNewest: (userId: string) => `im:inbox:{${userId}}:newest`,
  /** Hash: device_id → JSON of gateway_id, session_id, since, expires_at. */
  conn: (userId: string) => `im:conn:{${userId}}`,
  /** String: ms since 1970. Beside the routes and not among them, because those lapse within minutes. */
  seen: (userId: string) => `im:seen:{${userId}}`,
  /** Sorted set: gateway_id, score its last sign of life, ms since 1970. */
  gateways: 'im:gateways',
  /** Sorted set: gateway_id, score the connections that it held then. */
  gatewayConnections: 'im:gateways:connections',
} as const;

/** The keys of one user's inbox, as the scripts take them. */
export function inboxKeysOf(userId: string): [inbox: string, meta: string, newest: string] {
  return [REDIS_KEYS.inbox(userId), REDIS_KEYS.inboxMeta(userId), REDIS_KEYS.inboxNewest(userId)];
}

/** And where the user is: what an append looks at. */
export function appendKeysOf(userId: string): [...inbox: ReturnType<typeof inboxKeysOf>, conn: string] {
  return [...inboxKeysOf(userId), REDIS_KEYS.conn(userId)];
}

/** The user of a key that `conn` made. */
export function userOfConn(key: string): string {
  return key.slice(key.indexOf('{') + 1, -1);
}

/** Channels of Pub/Sub. */
export const REDIS_CHANNELS = {
  gateway: (gatewayId: string) => `im:push:${gatewayId}`,
  group: (groupId: string) => `im:push:group:${groupId}`,
  presence: (userId: string) => `im:presence:${userId}`,
} as const;
