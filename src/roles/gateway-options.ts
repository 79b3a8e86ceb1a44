import path from 'node:path';
import type { Config } from '../config/config.ts';
import { packageRoot, packageVersion } from '../config/package.ts';
import { signDevToken, signingSecret } from '../config/signing-secret.ts';
import { createTokenVerifier, type TokenVerifier } from '../gateway/auth.ts';
import type { GatewaySettings } from '../gateway/deps.ts';
import type { DevTokens } from '../gateway/http/dev-token-route.ts';
import type { HttpOptions } from '../gateway/http/server.ts';

/** How the configuration reads to a gateway. */
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

export interface GatewayAuth {
  verifyToken: TokenVerifier;
  devTokens: DevTokens | undefined;
}

/** Tokens are verified by the published keys where AUTH_JWKS_URL names them, else by the shared secret. */
export function gatewayAuth(config: Config): GatewayAuth {
  const claims = { issuer: config.AUTH_JWT_ISSUER, audience: config.AUTH_JWT_AUDIENCE };
  if (config.AUTH_JWKS_URL) {
    const verifyToken = createTokenVerifier({ keys: { jwksUrl: config.AUTH_JWKS_URL }, ...claims });
    return { verifyToken, devTokens: undefined };
  }
  const secret = signingSecret(config);
  const devTokens: DevTokens = {
    sign: (userId) => signDevToken(secret, userId, config),
    toAnyone: config.AUTH_DEV_TOKENS_PUBLIC,
  };
  return {
    verifyToken: createTokenVerifier({ keys: { secret }, ...claims }),
    devTokens: config.AUTH_DEV_TOKENS ? devTokens : undefined,
  };
}

export function httpOptions(config: Config, auth: GatewayAuth): HttpOptions & { host: string; port: number } {
  return {
    host: config.HOST,
    port: config.PORT,
    devTokens: auth.devTokens,
    webDir: path.join(packageRoot(), 'dist', 'web'),
    version: packageVersion(),
  };
}
