import type { Config } from '../config/config.ts';
import type { GatewaySettings } from '../gateway/deps.ts';

export function gatewaySettings(config: Config): GatewaySettings {
  return {
    gatewayId: config.GATEWAY_ID,
    heartbeatIntervalMs: config.HEARTBEAT_INTERVAL_MS,
    heartbeatTimeoutMs: config.HEARTBEAT_TIMEOUT_MS,
    drainMs: config.DRAIN_MS,
    messagesPerSecond: config.MESSAGES_PER_SECOND,
    connectionsPerUser: config.CONNECTIONS_PER_USER,
    membersPerGroup: config.MEMBERS_PER_GROUP,
    recallWindowMs: config.RECALL_WINDOW_MS,
    allowedOrigins: config.ALLOWED_ORIGINS,
    trustProxy: config.TRUST_PROXY,
  };
}
