import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CODES, codeName } from '../../protocol/codes.ts';
import { Refusal } from '../../protocol/refusal.ts';
import type { Gateway } from '../gateway-state.ts';
import { toRefusal } from '../packet.ts';

/** Every error, also the framework's own, leaves as `{ code, error, message, retry_after_ms? }` with that status. */
export function installErrors(app: FastifyInstance, gateway: Pick<Gateway, 'logger' | 'tellOutage'>): void {
  app.setErrorHandler((error: FastifyError | Refusal, request, reply) => {
    if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') dropRest(request, reply);
    sendRefusal(reply, error instanceof Refusal ? error : fromFramework(gateway, error));
  });
  app.setNotFoundHandler((request, reply) => {
    sendRefusal(
      reply,
      new Refusal('not_found', `There is no ${request.method} ${request.url.split('?')[0]}.`),
    );
  });
}

/** For what fails before a route is found: a path that cannot be decoded, or a part of it that is too long. */
export function frameworkErrors(gateway: Pick<Gateway, 'logger' | 'tellOutage'>) {
  return (error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void =>
    sendRefusal(reply, fromFramework(gateway, error));
}

/**
 * Fastify would close the connection. While the client is still sending that resets it, and the client never reads why.
 * Left open, what comes is dropped, for as long as a request may take.
 */
function dropRest(request: FastifyRequest, reply: FastifyReply): void {
  reply.removeHeader('connection');
  request.raw.resume();
}

function sendRefusal(reply: FastifyReply, refusal: Refusal): void {
  if (refusal.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(refusal.retryAfterMs / 1000));
  if (refusal.error === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  reply.code(refusal.code).send({ code: refusal.code, ...refusal.payload() });
}

/** A status of the framework that the protocol has no code for is the client's fault all the same. */
function fromFramework(gateway: Pick<Gateway, 'logger' | 'tellOutage'>, error: FastifyError): Refusal {
  const status = error.statusCode ?? CODES.internal.code;
  if (status >= CODES.internal.code) return toRefusal(gateway, error);
  const name = codeName(status);
  return new Refusal(name && name !== 'ok' ? name : 'bad_packet', error.message);
}
