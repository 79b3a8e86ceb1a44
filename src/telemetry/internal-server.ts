import { type FastifyInstance, fastify } from 'fastify';
import { CODES } from '../protocol/codes.ts';
import type { Metrics } from './metrics.ts';

export interface InternalServerOptions {
  metrics: Metrics;
  /** Why no traffic should come here; empty when ready. */
  notReady: () => Promise<string[]>;
  /** Brings gauges up to date that are not kept so. */
  beforeScrape: () => Promise<void>;
}

/** Health and metrics, on a port that is not for clients. */
export function createInternalServer({
  metrics,
  notReady,
  beforeScrape,
}: InternalServerOptions): FastifyInstance {
  const app = fastify();
  app.get('/livez', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const reasons = await notReady();
    if (reasons.length > 0) return reply.code(CODES.unavailable.code).send({ status: 'not ready', reasons });
    return { status: 'ok' };
  });
  app.get('/metrics', async (_request, reply) => {
    await beforeScrape();
    return reply.type(metrics.register.contentType).send(await metrics.register.metrics());
  });
  return app;
}
