import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Refusal } from '../../protocol/refusal.ts';
import type { TokenVerifier } from '../auth.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set by `requireUser`. */
    userId: string;
  }
}

/** Every route that is added to `app` after this wants a bearer token. */
export function requireUser(app: FastifyInstance, verifyToken: TokenVerifier): void {
  app.decorateRequest('userId', '');
  app.addHook('onRequest', async (request: FastifyRequest) => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) {
      throw new Refusal('unauthenticated', 'This call needs the header "Authorization: Bearer <JWT>".');
    }
    request.userId = (await verifyToken(token)).userId;
  });
}
