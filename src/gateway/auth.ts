import { createRemoteJWKSet, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { isUserId } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import { Refusal } from '../protocol/refusal.ts';

export interface Identity {
  userId: string;
  /** Ms since 1970. */
  expiresAt: number;
}

/** Throws a `Refusal` (401) that says what is wrong with the token. */
export type TokenVerifier = (token: string) => Promise<Identity>;

export type AuthKeys = { secret: Uint8Array } | { jwksUrl: URL };

export interface AuthOptions {
  keys: AuthKeys;
  issuer?: string;
  audience?: string;
}

/** The algorithms are pinned by the kind of key, so that a token cannot choose how it is verified. */
export function createTokenVerifier(auth: AuthOptions): TokenVerifier {
  const options: JWTVerifyOptions = {
    clockTolerance: LIMITS.tokenLeewaySeconds,
    requiredClaims: ['sub', 'exp'],
    issuer: auth.issuer,
    audience: auth.audience,
  };
  if ('secret' in auth.keys) {
    const { secret } = auth.keys;
    return async (token) => identityOf(() => jwtVerify(token, secret, { ...options, algorithms: ['HS256'] }));
  }
  const keySet = createRemoteJWKSet(auth.keys.jwksUrl);
  const algorithms = ['RS256', 'ES256', 'EdDSA'];
  return async (token) => identityOf(() => jwtVerify(token, keySet, { ...options, algorithms }));
}

async function identityOf(verify: () => Promise<{ payload: JWTPayload }>): Promise<Identity> {
  let payload: JWTPayload;
  try {
    payload = (await verify()).payload;
  } catch (error) {
    throw refusalOf(error);
  }
  if (!isUserId(payload.sub)) throw new Refusal('unauthenticated', "The token's sub is not a valid user id.");
  return { userId: payload.sub, expiresAt: payload.exp! * 1000 };
}

/** Faults of the token are the client's; a key server that does not answer is ours. */
function refusalOf(error: unknown): Refusal {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_JWT_EXPIRED') return new Refusal('unauthenticated', 'The token has expired.');
  if (code === 'ERR_JWT_CLAIM_VALIDATION_FAILED') {
    return new Refusal(
      'unauthenticated',
      `The token's claims are not accepted: ${(error as Error).message}.`,
    );
  }
  if (code === 'ERR_JWKS_NO_MATCHING_KEY')
    return new Refusal('unauthenticated', 'No known key signed the token.');
  if (code === 'ERR_JWKS_MULTIPLE_MATCHING_KEYS')
    return new Refusal('unauthenticated', 'Several keys fit the token: it must name its own by kid.');
  if (/^ERR_JW[ST]_|^ERR_JOSE_ALG|^ERR_JOSE_NOT/.test(code)) {
    return new Refusal('unauthenticated', 'The token is not a valid JWT, or its signature does not fit.');
  }
  return new Refusal('unavailable', 'The keys that verify tokens are out of reach.', 1000);
}
