import { epochSeconds, signToken } from '../harness/tokens.ts';

const HOUR_S = 3_600;

/** What a client must know of the servers under test. */
export interface Site {
  readonly secret: string;
  /** Base URL for the next client. */
  nextUrl(): string;
}

export function tokenFor(site: Site, userId: string, expiresInS = HOUR_S): string {
  return signToken(site.secret, { sub: userId, exp: epochSeconds() + expiresInS });
}
