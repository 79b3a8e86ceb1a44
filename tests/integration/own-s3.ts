import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AwsClient } from 'aws4fetch';
import type { S3Options } from '../../src/adapters/s3/s3-blobs.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';

export const S3_SKIP =
  'set S3_ENDPOINT, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or VERSITYGW to the program versitygw';

/** A server of S3, and a key that may make buckets there. */
export interface S3Server extends AsyncDisposable {
  server: Omit<S3Options, 'bucket'>;
}

export interface OwnBucket extends AsyncDisposable {
  options: S3Options;
}

export function hasS3(): boolean {
  return Boolean(process.env.S3_ENDPOINT || process.env.VERSITYGW);
}

/** The server that the environment names, or one of our own. */
export async function openS3(): Promise<S3Server> {
  const { env } = process;
  if (!env.S3_ENDPOINT) return startVersity(env.VERSITYGW!);
  const server = {
    endpoint: new URL(env.S3_ENDPOINT),
    region: env.S3_REGION || 'us-east-1',
    accessKeyId: env.S3_ACCESS_KEY_ID!,
    secretAccessKey: env.S3_SECRET_ACCESS_KEY!,
  };
  return { server, async [Symbol.asyncDispose]() {} };
}

/** The Versity gateway keeps what it is given in a folder. */
async function startVersity(program: string): Promise<S3Server> {
  const folder = mkdtempSync(path.join(tmpdir(), 'seqline-s3-'));
  const [buckets, meta] = [path.join(folder, 'buckets'), path.join(folder, 'meta')];
  for (const dir of [buckets, meta]) mkdirSync(dir);
  const address = `127.0.0.1:${await freePort()}`;
  const endpoint = new URL(`http://${address}`);
  const [accessKeyId, secretAccessKey] = ['test-access', 'test-secret'];
  const child = spawn(program, ['--port', address, '--quiet', 'posix', '--sidecar', meta, buckets], {
    stdio: 'ignore',
    env: { ...process.env, ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey },
  });
  const ended = once(child, 'exit');
  await eventually('the S3 server answers', () =>
    fetch(endpoint).then(
      (response) => response.body?.cancel().then(() => true),
      () => false,
    ),
  );
  return {
    server: { endpoint, region: 'us-east-1', accessKeyId, secretAccessKey },
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** A bucket that nobody else uses; it goes with all that is in it. */
export async function createBucket(server: S3Server['server']): Promise<OwnBucket> {
  const bucket = `seqline-test-${randomBytes(6).toString('hex')}`;
  const url = new URL(bucket, server.endpoint);
  const client = new AwsClient({ ...server, service: 's3' });
  const request = async (method: string, at: string) => {
    const response = await client.fetch(at, { method });
    const body = await response.text();
    if (!response.ok) throw new Error(`${method} ${at} was answered with ${response.status}: ${body}`);
    return body;
  };
  await request('PUT', url.href);
  return {
    options: { ...server, bucket },
    async [Symbol.asyncDispose]() {
      const listing = await request('GET', `${url.href}?list-type=2`);
      for (const [, key] of listing.matchAll(/<Key>([^<]+)<\/Key>/g)) {
        await request('DELETE', `${url.href}/${key}`);
      }
      await request('DELETE', url.href);
    },
  };
}
