import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { Refusal } from '../../protocol/refusal.ts';
import { DevTokenAnswer, DevTokenBody, withErrors } from './schemas.ts';

/** How development tokens are given, where they are. */
export interface DevTokens {
  sign: (userId: string) => Promise<string>;
  /** Given to whoever asks; else only to who reached the server under a name of this machine, which no other site's page can. */
  toAnyone: boolean;
}

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_HOST.test(host);
}

export function devTokenRoute(app: FastifyInstance, devTokens: DevTokens | undefined): void {
  if (!devTokens) return;
  app.post<{ Body: Static<typeof DevTokenBody> }>(
    '/v1/dev/token',
    {
      schema: {
        tags: ['development'],
        summary: 'A token for anyone, for development',
        body: DevTokenBody,
        response: withErrors({ 200: DevTokenAnswer }),
      },
    },
    async ({ body, host }) => {
      if (!devTokens.toAnyone && !isLoopbackHost(host)) {
        throw new Refusal(
          'forbidden',
          'Development tokens are given to this machine alone; see AUTH_DEV_TOKENS_PUBLIC.',
        );
      }
      return { token: await devTokens.sign(body.user_id) };
    },
  );
}
