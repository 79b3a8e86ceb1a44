import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SignJWT } from 'jose';
import type { Config } from './config.ts';

const FILE = 'auth-secret';
/** Development tokens live this long. */
const DEV_TOKEN_TTL = '7d';

/** AUTH_JWT_SECRET, or the secret that is kept in DATA_DIR and made on the first start. */
export function signingSecret(config: Config): Uint8Array {
  return new TextEncoder().encode(config.AUTH_JWT_SECRET ?? keptSecret(config.DATA_DIR));
}

function keptSecret(dataDir: string): string {
  const file = path.join(dataDir, FILE);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, {
      flag: 'wx',
      mode: 0o600,
      flush: true,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (secret.length < 32)
    throw new Error(`${file} holds no secret; delete it, and a new one is made (all tokens end).`);
  return secret;
}

/** A token for anyone, for development. */
export function signDevToken(secret: Uint8Array, userId: string, config: Config): Promise<string> {
  const jwt = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject(userId).setIssuedAt();
  if (config.AUTH_JWT_ISSUER !== undefined) jwt.setIssuer(config.AUTH_JWT_ISSUER);
  if (config.AUTH_JWT_AUDIENCE !== undefined) jwt.setAudience(config.AUTH_JWT_AUDIENCE);
  return jwt.setExpirationTime(DEV_TOKEN_TTL).sign(secret);
}
