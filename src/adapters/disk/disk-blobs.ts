import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { access, open, readFile, rename, rm } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Blobs } from '../../ports/blobs.ts';
import { StoreUnavailable } from '../../ports/errors.ts';

/** The content type of a file is kept by its name's extension. */
const TYPE_BY_EXTENSION: Record<string, string | undefined> = {
  '.gif': 'image/gif',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
};

/** One path segment that cannot leave the directory. */
const NAME = /^[A-Za-z0-9_-]{1,128}\.[a-z]{3,4}$/;

/** Files being written; whatever is there at start was cut off and is removed. */
const PARTS = '.parts';

/** Pictures as files of one directory, which belongs to this process alone. */
export function createDiskBlobs({ dir }: { dir: string }): Blobs {
  const parts = join(dir, PARTS);
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });

  async function has(name: string): Promise<boolean> {
    if (!typeOf(name)) return false;
    return access(join(dir, name)).then(
      () => true,
      (error) => absent(error, false),
    );
  }

  return {
    has,

    async put(name, { contentType, bytes }) {
      if (typeOf(name) !== contentType)
        throw new Error(`no name for ${contentType}: ${JSON.stringify(name)}`);
      if (await has(name)) throw new Error(`there is a picture of this name already: ${name}`);
      const part = join(parts, randomUUID());
      try {
        await writeDurably(part, bytes);
        await rename(part, join(dir, name));
        await syncDirectory(dir);
      } catch (error) {
        await rm(part, { force: true }).catch(() => {});
        throw unavailable(error);
      }
    },

    async get(name) {
      const contentType = typeOf(name);
      if (!contentType) return undefined;
      return readFile(join(dir, name)).then(
        (bytes) => ({ contentType, bytes }),
        (error) => absent(error, undefined),
      );
    },
  };
}

function typeOf(name: string): string | undefined {
  return NAME.test(name) ? TYPE_BY_EXTENSION[extname(name)] : undefined;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(bytes);
  await file.sync();
}

/** Makes the new name itself durable. */
async function syncDirectory(dir: string): Promise<void> {
  await using handle = await open(dir, 'r');
  await handle.sync();
}

function absent<T>(error: unknown, value: T): T {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return value;
  throw unavailable(error);
}

/** The file system's errors (full, read-only, broken, too many files open) are all for a person to cure meanwhile. */
function unavailable(error: unknown): StoreUnavailable {
  return new StoreUnavailable('blobs', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}
