import type { IncomingMessage } from 'node:http';
import fastifyCors from '@fastify/cors';
import fastifyWebsocket from '@fastify/websocket';
import { type FastifyInstance, fastify } from 'fastify';
import { LIMITS } from '../../protocol/limits.ts';
import { Refusal } from '../../protocol/refusal.ts';
import { onConnection } from '../connection.ts';
import type { Gateway } from '../gateway-state.ts';
import { requireUser } from './authenticate.ts';
import { conversationRoutes } from './conversation-routes.ts';
import { type DevTokens, devTokenRoute } from './dev-token-route.ts';
import { frameworkErrors, installErrors } from './errors.ts';
import { groupRoutes } from './group-routes.ts';
import { memberRoutes } from './member-routes.ts';
import { documentApi } from './openapi.ts';
import { checkOrigin } from './origin.ts';
import { servePage } from './page.ts';
import { limitPipelining } from './pipelining.ts';
import { uploadRoutes } from './upload-routes.ts';
import { userRoutes } from './user-routes.ts';
import { validatorCompiler } from './validation.ts';

export interface HttpOptions {
  devTokens: DevTokens | undefined;
  /** Where the built page is. */
  webDir: string;
  version: string;
}

/** Bytes of a JSON body: a thousand members of 64 characters, and room. */
const BODY_BYTES_MAX = 256 * 1024;
/**
 * A client that takes longer for the head of a request, for all of it, or for any part of an answer is cut off, at most
 * CHECK_MS later. A minute is what 5 MiB take at 0.7 Mbit/s. Node.js would swap the first two if the first were longer.
 */
const HEAD_MS_MAX = 10_000;
const REQUEST_MS_MAX = 60_000;
const STALLED_MS_MAX = 60_000;
const CHECK_MS = 1000;
const SOCKET_OPTIONS = {
  maxPayload: LIMITS.clientMessageBytesMax,
  maxFragments: LIMITS.clientMessageFramesMax,
  perMessageDeflate: false,
  /** How long a closing WebSocket waits for its client before the TCP connection is cut. */
  closeTimeout: 10_000,
};

/** The public server: WebSocket, HTTP API, page. Not listening yet. */
export async function createHttpServer(gateway: Gateway, options: HttpOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = fastify({
    trustProxy: gateway.settings.trustProxy,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    connectionTimeout: STALLED_MS_MAX,
    http: {
      headersTimeout: HEAD_MS_MAX,
      connectionsCheckingInterval: CHECK_MS,
      shouldUpgradeCallback: mayUpgrade,
    },
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: frameworkErrors(gateway),
  });
  app.setValidatorCompiler(validatorCompiler);
  acceptEmptyBodies(app);
  limitPipelining(app);
  installErrors(app, gateway);
  const { allowedOrigins } = gateway.settings;
  if (allowedOrigins.length > 0)
    await app.register(fastifyCors, { origin: allowedOrigins, methods: METHODS });
  await serveSocket(app, gateway);
  await documentApi(app, options.version);
  devTokenRoute(app, options.devTokens);
  await uploadRoutes(app, gateway);
  await app.register(async (authenticated) => {
    requireUser(authenticated, gateway.verifyToken);
    authenticated.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, security: [{ bearer: [] }] };
    });
    userRoutes(authenticated, gateway);
    groupRoutes(authenticated, gateway);
    memberRoutes(authenticated, gateway);
    conversationRoutes(authenticated, gateway);
  });
  await servePage(app, options.webDir);
  return app;
}

/** Many clients send `Content-Type: application/json` with every call, also where there is no body. */
function acceptEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body as string, done);
  });
}

/**
 * Whether a request may become a WebSocket; another that asks for it is served as if it had not. Its socket would pass by
 * the limits above, and one with a body is not the connection itself but a stream of its own.
 */
function mayUpgrade({ method, headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  return method === 'GET' && !hasBody && headers.upgrade?.toLowerCase() === 'websocket';
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

async function serveSocket(app: FastifyInstance, gateway: Gateway): Promise<void> {
  await app.register(fastifyWebsocket, {
    options: SOCKET_OPTIONS,
    errorHandler: (error) => gateway.logger.error({ err: error }, 'a connection failed'),
    // Sockets are closed by the drain, each with its code; the plugin would close them all at once without one.
    preClose: (done) => done(),
  });
  app.decorateRequest('upgradeResponse', null);
  app.get(
    '/ws',
    {
      websocket: true,
      schema: { hide: true },
      onRequest: async (request, reply) => {
        request.upgradeResponse = reply.raw;
        if (gateway.draining) throw new Refusal('unavailable', 'This gateway goes away: use another.', 1000);
        checkOrigin(request, gateway.settings.allowedOrigins);
      },
    },
    (socket, request) => onConnection(gateway, socket, request),
  );
}
