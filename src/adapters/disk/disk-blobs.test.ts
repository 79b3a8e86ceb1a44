import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { StoreUnavailable } from '../../ports/errors.ts';
import { createDiskBlobs } from './disk-blobs.ts';

const root = mkdtempSync(join(tmpdir(), 'seqline-blobs-'));
const picture = { contentType: 'image/png', bytes: Buffer.from('bytes') };

after(() => rmSync(root, { recursive: true }));

test('a file that was cut off is removed at start, and whole ones stay', async () => {
  const dir = join(root, 'cut');
  await createDiskBlobs({ dir }).put('whole.png', picture);
  writeFileSync(join(dir, '.parts', 'cut'), 'by');
  const blobs = createDiskBlobs({ dir });
  assert.deepEqual(readdirSync(join(dir, '.parts')), []);
  assert.equal(await blobs.has('whole.png'), true);
});

test('a name must have the extension of its content type', async () => {
  const blobs = createDiskBlobs({ dir: join(root, 'types') });
  await assert.rejects(blobs.put('picture.gif', picture), /no name for image\/png/);
  await assert.rejects(blobs.put('picture.svg', { ...picture, contentType: 'image/svg+xml' }), /no name/);
  await blobs.put('picture.jpeg', { ...picture, contentType: 'image/jpeg' });
  assert.equal((await blobs.get('picture.jpeg'))?.contentType, 'image/jpeg');
});

test('a file system that refuses is an outage', async () => {
  const dir = join(root, 'gone');
  const blobs = createDiskBlobs({ dir });
  rmSync(dir, { recursive: true });
  await assert.rejects(blobs.put('picture.png', picture), StoreUnavailable);
  writeFileSync(dir, 'no directory');
  await assert.rejects(blobs.get('picture.png'), StoreUnavailable);
  await assert.rejects(blobs.has('picture.png'), StoreUnavailable);
});
