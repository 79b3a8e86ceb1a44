import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { StoreUnavailable } from '../../ports/errors.ts';
import { createS3Blobs } from './s3-blobs.ts';

const picture = { contentType: 'image/png', bytes: Buffer.from('bytes') };
const OPTIONS = { bucket: 'pictures', region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' };

describe('S3 in trouble', () => {
  test('a server that is not there is an outage, and the reason is told', async () => {
    const blobs = createS3Blobs({ ...OPTIONS, endpoint: new URL('http://127.0.0.1:1') });
    await assert.rejects(blobs.put('picture.png', picture), StoreUnavailable);
    await assert.rejects(blobs.checkBucket(), /^StoreUnavailable: s3: fetch failed: /);
  });

  for (const status of [307, 500, 503]) {
    test(`an answer of ${status} is an outage, asked for once`, async () => {
      const seen: string[] = [];
      const server = createServer((request, response) => {
        seen.push(`${request.method} ${request.url}`);
        response.writeHead(status, { location: '/elsewhere' }).end();
      }).listen(0, '127.0.0.1');
      try {
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        const blobs = createS3Blobs({ ...OPTIONS, endpoint: new URL(`http://127.0.0.1:${port}`) });
        await assert.rejects(blobs.put('picture.png', picture), StoreUnavailable);
        await assert.rejects(blobs.get('picture.png'), StoreUnavailable);
        await assert.rejects(blobs.has('picture.png'), StoreUnavailable);
        const asked = ['PUT', 'GET', 'HEAD'].map((method) => `${method} /pictures/picture.png`);
        assert.deepEqual(seen, asked);
      } finally {
        server.close();
      }
    });
  }
});
