import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { LIMITS } from '../../protocol/limits.ts';
import { Refusal } from '../../protocol/refusal.ts';
import type { Gateway } from '../gateway-state.ts';
import { isUploadName, nameImage, uploadUrl } from '../uploads.ts';
import { requireUser } from './authenticate.ts';
import { Picture, UploadAnswer, UploadParams, withErrors } from './schemas.ts';

/** What a picture is served with: as that type and nothing else, harmless when opened as a page, cached for good. */
const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'content-disposition': 'inline',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'public, max-age=31536000, immutable',
};

export async function uploadRoutes(app: FastifyInstance, gateway: Gateway): Promise<void> {
  const tags = ['uploads'];
  app.get<{ Params: Static<typeof UploadParams> }>(
    '/v1/uploads/:name',
    {
      schema: {
        tags,
        summary: 'A picture; no token is needed',
        params: UploadParams,
        response: withErrors({ 200: Picture }),
      },
    },
    async ({ params }, reply) => {
      const file = isUploadName(params.name) ? await gateway.blobs.get(params.name) : undefined;
      if (!file) throw new Refusal('not_found', 'There is no such picture.');
      return reply.headers(SAFE_HEADERS).type(file.contentType).send(Buffer.from(file.bytes));
    },
  );
  await app.register(async (authenticated) => {
    requireUser(authenticated, gateway.verifyToken);
    // What it is, the bytes say, not the header.
    authenticated.removeAllContentTypeParsers();
    authenticated.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    authenticated.post(
      '/v1/uploads',
      {
        bodyLimit: LIMITS.uploadBytesMax,
        schema: {
          tags,
          summary: 'Keep a picture: PNG, JPEG, GIF or WebP, at most 5 MiB',
          body: Picture,
          security: [{ bearer: [] }],
          response: withErrors({ 201: UploadAnswer }),
        },
      },
      async (request, reply) => {
        const url = await keep(gateway, request.body);
        return reply.code(201).send({ url });
      },
    );
  });
}

async function keep(gateway: Gateway, body: unknown): Promise<string> {
  const image = Buffer.isBuffer(body) ? nameImage(body) : undefined;
  if (!image) throw new Refusal('bad_packet', 'The body is not a PNG, JPEG, GIF or WebP image.');
  await gateway.blobs.put(image.name, { contentType: image.contentType, bytes: body as Buffer });
  return uploadUrl(image.name);
}
