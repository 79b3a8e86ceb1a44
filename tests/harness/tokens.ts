import { createHmac } from 'node:crypto';

/** Seconds since 1970, as the claims of a token count. */
export function epochSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** An HS256 token of a user, good for an hour. */
export function tokenOf(secret: string, userId: string): string {
  return signToken(secret, { sub: userId, exp: epochSeconds() + 3600 });
}

/** Any claims under any header; made by hand, so that the tests share no JWT library with the server. */
export function signToken(
  secret: string,
  claims: object,
  header: object = { alg: 'HS256', typ: 'JWT' },
): string {
  const signed = `${base64url(header)}.${base64url(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** A token that says of itself that it needs no signature. */
export function unsignedToken(claims: object): string {
  return `${base64url({ alg: 'none' })}.${base64url(claims)}.`;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
