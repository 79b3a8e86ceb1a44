import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createS3Blobs } from '../../src/adapters/s3/s3-blobs.ts';
import { StoreUnavailable } from '../../src/ports/errors.ts';
import { blobsContract } from '../contract/blobs.contract.ts';
import { startOwnServer } from '../harness/own-server.ts';
import { tokenOf } from '../harness/tokens.ts';
import { createBucket, hasS3, openS3, S3_SKIP, type S3Server } from './own-s3.ts';

const PNG = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100_000)]);
const picture = { contentType: 'image/png', bytes: Buffer.from('bytes') };

if (hasS3()) {
  let s3: S3Server;
  before(async () => {
    s3 = await openS3();
  });
  after(() => s3[Symbol.asyncDispose]());

  blobsContract('S3', async () => {
    const bucket = await createBucket(s3.server);
    return {
      blobs: createS3Blobs(bucket.options),
      reopen: async () => createS3Blobs(bucket.options),
      [Symbol.asyncDispose]: () => bucket[Symbol.asyncDispose](),
    };
  });

  describe('S3', () => {
    test('a bucket that is there passes the check, with a slash at the end of the endpoint too', async () => {
      await using bucket = await createBucket(s3.server);
      await createS3Blobs(bucket.options).checkBucket();
      const endpoint = new URL(`${s3.server.endpoint.href.replace(/\/*$/, '')}//`);
      await createS3Blobs({ ...bucket.options, endpoint }).checkBucket();
    });

    test('a server keeps uploads there, and serves them under its own path and headers', async () => {
      await using bucket = await createBucket(s3.server);
      const { options } = bucket;
      const server = await startOwnServer({
        S3_ENDPOINT: options.endpoint.href,
        S3_BUCKET: options.bucket,
        S3_ACCESS_KEY_ID: options.accessKeyId,
        S3_SECRET_ACCESS_KEY: options.secretAccessKey,
      });
      try {
        const reply = await fetch(new URL('/v1/uploads', server.url), {
          method: 'POST',
          headers: {
            authorization: `Bearer ${tokenOf(server.secret, 'painter')}`,
            'content-type': 'image/png',
          },
          body: PNG,
        });
        assert.equal(reply.status, 201);
        const { url } = (await reply.json()) as { url: string };
        assert.match(url, /^\/v1\/uploads\/[A-Za-z0-9_-]{32}\.png$/);
        const back = await fetch(new URL(url, server.url), { redirect: 'error' });
        assert.equal(back.status, 200);
        assert.equal(back.headers.get('content-type'), 'image/png');
        assert.equal(back.headers.get('x-content-type-options'), 'nosniff');
        assert.ok(PNG.equals(await back.bytes()));
        const other = await fetch(new URL(`/v1/uploads/${'a'.repeat(32)}.png`, server.url));
        assert.equal(other.status, 404);
        await other.body?.cancel();
        const file = await createS3Blobs(options).get(url.split('/').at(-1)!);
        assert.ok(PNG.equals(file!.bytes));
      } finally {
        await server.stop();
      }
    });

    test('without its bucket the check names the remedy, and nothing can be put', async () => {
      const blobs = createS3Blobs({ ...s3.server, bucket: 'seqline-test-never-made' });
      await assert.rejects(blobs.checkBucket(), /no bucket seqline-test-never-made at .*set S3_BUCKET/);
      await assert.rejects(blobs.put('picture.png', picture), StoreUnavailable);
    });

    test('with a wrong key the check names the settings, and nothing can be put or read', async () => {
      await using bucket = await createBucket(s3.server);
      const blobs = createS3Blobs({ ...bucket.options, secretAccessKey: 'wrong' });
      await assert.rejects(blobs.checkBucket(), /S3_SECRET_ACCESS_KEY/);
      await assert.rejects(blobs.put('picture.png', picture), StoreUnavailable);
      await assert.rejects(blobs.get('picture.png'), StoreUnavailable);
      await assert.rejects(blobs.has('picture.png'), StoreUnavailable);
    });

    test('of several puts of one name at once, one is kept whole', async () => {
      await using bucket = await createBucket(s3.server);
      const blobs = createS3Blobs(bucket.options);
      const files = ['one', 'two', 'three'].map((text) => Buffer.from(text.repeat(10_000)));
      const puts = files.map((bytes) => blobs.put('same.png', { contentType: 'image/png', bytes }));
      const results = await Promise.allSettled(puts);
      const kept = results.findIndex(({ status }) => status === 'fulfilled');
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.ok(files[kept]!.equals((await blobs.get('same.png'))!.bytes));
    });
  });
} else describe('S3', () => void test('blobs', { skip: S3_SKIP }, () => {}));
