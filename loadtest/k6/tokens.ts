import crypto from 'k6/crypto';
import encoding from 'k6/encoding';
import http from 'k6/http';
import type { Settings } from './settings.ts';

/** Longer than any run: a session ends with its token. */
const TOKEN_SECONDS = 7 * 24 * 3600;

/** Signed here where the secret is known, else asked for. */
export async function tokenOf(settings: Settings, url: string, userId: string): Promise<string> {
  if (settings.secret !== undefined) return signToken(settings, settings.secret, userId);
  const answer = await http.asyncRequest('POST', `${url}/v1/dev/token`, JSON.stringify({ user_id: userId }), {
    headers: { 'Content-Type': 'application/json' },
  });
  if (answer.status !== 200) throw new NoToken(answer.status, answer.error);
  return (answer.json() as { token: string }).token;
}

export class NoToken extends Error {
  /** 0 where nobody answered. */
  readonly status: number;

  constructor(status: number, reason: string) {
    super(`No token: ${status === 0 ? reason : `HTTP ${status}`}`);
    this.status = status;
  }
}

function signToken({ issuer, audience }: Settings, secret: string, userId: string): string {
  const claims = {
    sub: userId,
    exp: Math.floor(Date.now() / 1000) + TOKEN_SECONDS,
    ...(issuer && { iss: issuer }),
    ...(audience && { aud: audience }),
  };
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
  return `${signed}.${crypto.hmac('sha256', secret, signed, 'base64rawurl')}`;
}

function base64url(value: object): string {
  return encoding.b64encode(JSON.stringify(value), 'rawurl');
}
