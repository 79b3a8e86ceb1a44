import { hash } from 'node:crypto';
import { constants } from 'node:http2';
import { AwsClient } from 'aws4fetch';
import type { Blobs } from '../../ports/blobs.ts';
import { StoreUnavailable } from '../../ports/errors.ts';

export interface S3Options {
  /** Of any server that speaks S3: `https://s3.eu-central-1.amazonaws.com`, `http://minio:9000`. */
  endpoint: URL;
  /** It must exist, and the key must be allowed to list it: else S3 answers 403 for a picture that is not there. */
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface S3Blobs extends Blobs {
  /** For the start of a process. Throws `StoreUnavailable` where S3 is out of reach, or an error that names the remedy. */
  checkBucket(): Promise<void>;
}

interface S3Request {
  method: 'GET' | 'HEAD' | 'PUT';
  body?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

interface S3Answer {
  status: number;
  contentType: string | null;
  body: Uint8Array;
}

/** A request that takes longer, with its body, counts as failed. */
const TIMEOUT_MS = 10_000;
/** One segment of a path, and a picture. */
const NAME = /^[A-Za-z0-9_-]{1,128}\.(gif|jpe?g|png|webp)$/;
const {
  HTTP_STATUS_OK: OK,
  HTTP_STATUS_FORBIDDEN: FORBIDDEN,
  HTTP_STATUS_NOT_FOUND: NOT_FOUND,
  HTTP_STATUS_PRECONDITION_FAILED: PRECONDITION_FAILED,
} = constants;

/**
 * Pictures in a bucket of S3. Objects are addressed by path, which every server of S3 understands. Nothing is tried
 * again here: a `put` that was carried out and tried again would find its own picture and fail for good.
 */
export function createS3Blobs(options: S3Options): S3Blobs {
  const { bucket } = options;
  const base = new URL(`${bucket}/`, options.endpoint.href.replace(/\/*$/, '/'));
  const request = createS3Requests(options);

  return {
    async put(name, { contentType, bytes }) {
      if (!NAME.test(name)) throw new Error(`no name of a picture: ${JSON.stringify(name)}`);
      const body = new Uint8Array(bytes);
      const headers = {
        'content-type': contentType,
        'if-none-match': '*',
        // S3 refuses what was damaged on the way.
        'x-amz-content-sha256': hash('sha256', body, 'hex'),
      };
      const { status } = await request(new URL(name, base), { method: 'PUT', body, headers });
      if (status === PRECONDITION_FAILED) throw new Error(`there is a picture of this name already: ${name}`);
      if (status !== OK) throw unexpected('PUT', status);
    },

    async get(name) {
      if (!NAME.test(name)) return undefined;
      const { status, contentType, body } = await request(new URL(name, base), { method: 'GET' });
      if (status === NOT_FOUND) return undefined;
      if (status !== OK) throw unexpected('GET', status);
      return { contentType: contentType ?? 'application/octet-stream', bytes: body };
    },

    async has(name) {
      if (!NAME.test(name)) return false;
      const { status } = await request(new URL(name, base), { method: 'HEAD' });
      if (status !== OK && status !== NOT_FOUND) throw unexpected('HEAD', status);
      return status === OK;
    },

    async checkBucket() {
      const { status } = await request(new URL(base.href.slice(0, -1)), { method: 'HEAD' });
      if (status === OK) return;
      if (status === NOT_FOUND) {
        throw new Error(
          `S3 has no bucket ${bucket} at ${options.endpoint.origin}: make it, or set S3_BUCKET.`,
        );
      }
      if (status !== FORBIDDEN) throw unexpected('HEAD', status);
      throw new Error(
        `S3 refuses the bucket ${bucket}: check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and S3_REGION, ` +
          'and that the key may list the bucket, read it and write to it.',
      );
    },
  };
}

/** Signed requests, with the whole answer. A redirect is none of the answers that we know: signatures hold for one host. */
function createS3Requests({ accessKeyId, secretAccessKey, region }: S3Options) {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
  return async (url: URL, init: S3Request): Promise<S3Answer> => {
    try {
      const response = await client.fetch(url, {
        ...init,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const contentType = response.headers.get('content-type');
      return { status: response.status, contentType, body: new Uint8Array(await response.arrayBuffer()) };
    } catch (error) {
      throw new StoreUnavailable('s3', reasonOf(error as Error), { cause: error });
    }
  };
}

function unexpected(method: string, status: number): StoreUnavailable {
  return new StoreUnavailable('s3', `${method} was answered with ${status}`);
}

/** `fetch` itself only says that it failed. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error
    ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}`
    : message;
}
