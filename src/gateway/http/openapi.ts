import fastifySwagger from '@fastify/swagger';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

interface Operation {
  requestBody?: { required?: boolean; content: Record<string, { schema?: { required?: string[] } }> };
}

/** A JSON body of which nothing is required may be left out: `validation.ts` takes none for an empty one. */
function withOptionalBodies<D extends { paths?: object }>(document: D): D {
  for (const path of Object.values(document.paths ?? {})) {
    for (const { requestBody } of Object.values(path as Record<string, Operation>)) {
      const schema = requestBody?.content['application/json']?.schema;
      if (schema && !schema.required?.length) requestBody!.required = false;
    }
  }
  return document;
}

/** The OpenAPI 3.1 document of the routes added after this, and a page for it. */
export async function documentApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'seqline',
        version,
        description:
          'The HTTP API beside the WebSocket at `/ws`. Errors carry `{ code, error, message, retry_after_ms? }`.',
      },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
    transformObject: (document) =>
      'openapiObject' in document ? withOptionalBodies(document.openapiObject) : document.swaggerObject,
  });
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    // Its own policy would break the page where the server is reached by plain HTTP.
    transformStaticCSP: (policy) => policy.replace('upgrade-insecure-requests;', ''),
    uiConfig: { layout: 'BaseLayout', validatorUrl: null },
  });
  app.get('/v1/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}
