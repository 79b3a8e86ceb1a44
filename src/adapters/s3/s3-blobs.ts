import { AwsClient } from 'aws4fetch';
import type { BlobFile, Blobs } from '../../ports/blobs.ts';
import { StoreUnavailable } from '../../ports/errors.ts';

export interface S3Options {
  /** Of any server that speaks S3: `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`. */
  endpoint: URL;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** A request that takes longer counts as failed. */
const TIMEOUT_MS = 10_000;
const NAME = /^[A-Za-z0-9_.-]{1,128}$/;

/** Pictures in a bucket, which must exist. Objects are addressed by path, which every server of S3 understands. */
export function createS3Blobs({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Options): Blobs {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 1 });

  async function request(method: string, name: string, file?: BlobFile): Promise<Response> {
    if (!NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a picture.`);
    const url = new URL(`${bucket}/${name}`, new URL(endpoint.href.replace(/\/*$/, '/')));
    const init = { method, signal: AbortSignal.timeout(TIMEOUT_MS) };
    let response: Response;
    try {
      response = file
        ? await client.fetch(url, {
            ...init,
            body: new Uint8Array(file.bytes),
            headers: { 'content-type': file.contentType },
          })
        : await client.fetch(url, init);
    } catch (error) {
      throw new StoreUnavailable('s3', (error as Error).message, { cause: error });
    }
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw new StoreUnavailable('s3', `${method} was answered ${response.status}`);
  }

  return {
    async put(name, file) {
      const response = await request('PUT', name, file);
      await response.body?.cancel();
      if (!response.ok) throw new StoreUnavailable('s3', `there is no bucket ${bucket}`);
    },

    async get(name) {
      const response = await request('GET', name);
      if (!response.ok) {
        await response.body?.cancel();
        return undefined;
      }
      const contentType = response.headers.get('content-type') ?? 'application/octet-stream';
      return { contentType, bytes: new Uint8Array(await response.arrayBuffer()) };
    },

    async has(name) {
      const response = await request('HEAD', name);
      return response.ok;
    },
  };
}
