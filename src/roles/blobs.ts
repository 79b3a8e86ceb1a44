import path from 'node:path';
import { createDiskBlobs } from '../adapters/disk/disk-blobs.ts';
import { createS3Blobs } from '../adapters/s3/s3-blobs.ts';
import type { Config } from '../config/config.ts';
import type { Blobs } from '../ports/blobs.ts';

export interface OpenedBlobs {
  blobs: Blobs;
  /** Throws where they cannot be worked with, with the remedy. */
  check(): Promise<void>;
}

/** Pictures in S3 where it is set, else on the disk of this machine. */
export function openBlobs(config: Config): OpenedBlobs {
  if (!config.S3_ENDPOINT) {
    return { blobs: createDiskBlobs({ dir: path.join(config.DATA_DIR, 'uploads') }), async check() {} };
  }
  const blobs = createS3Blobs({
    endpoint: config.S3_ENDPOINT,
    bucket: config.S3_BUCKET!,
    region: config.S3_REGION,
    accessKeyId: config.S3_ACCESS_KEY_ID!,
    secretAccessKey: config.S3_SECRET_ACCESS_KEY!,
  });
  return { blobs, check: () => blobs.checkBucket() };
}
