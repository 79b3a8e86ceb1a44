import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../protocol/refusal.ts';

/** Refuses a browser's page of another site, unless it is allowed. Without an `Origin` it is no browser's page. */
export function checkOrigin(request: FastifyRequest, allowedOrigins: string[]): void {
  const { origin } = request.headers;
  if (origin === undefined || allowedOrigins.includes(origin)) return;
  if (isOwn(origin, request.host)) return;
  throw new Refusal('forbidden', `The origin ${origin} is neither this server's own nor in ALLOWED_ORIGINS.`);
}

/** `host` is the header's, or that of X-Forwarded-Host where proxies are trusted; a default port may be left out. */
function isOwn(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const own = `${protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === originHost;
}
