import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Blobs } from '../../src/ports/blobs.ts';

export interface BlobsFixture extends AsyncDisposable {
  blobs: Blobs;
  reopen(): Promise<Blobs>;
}

const TYPES = { png: 'image/png', jpg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp' };

/** What every store of pictures does. `open` gives an empty one. */
export function blobsContract(name: string, open: () => Promise<BlobsFixture>): void {
  describe(`blobs contract: ${name}`, () => {
    for (const [extension, contentType] of Object.entries(TYPES)) {
      test(`a file of type ${contentType} is given back as it was`, async () => {
        await using fixture = await open();
        const bytes = randomBytes(100_000);
        await fixture.blobs.put(`picture.${extension}`, { contentType, bytes });
        const file = await fixture.blobs.get(`picture.${extension}`);
        assert.equal(file?.contentType, contentType);
        assert.ok(bytes.equals(file.bytes));
        assert.equal(await fixture.blobs.has(`picture.${extension}`), true);
      });
    }

    test('what was put is there after opening again', async () => {
      await using fixture = await open();
      await fixture.blobs.put('kept.png', { contentType: 'image/png', bytes: Buffer.from('bytes') });
      const blobs = await fixture.reopen();
      assert.equal(Buffer.from((await blobs.get('kept.png'))!.bytes).toString(), 'bytes');
    });

    test('what was not put is not there', async () => {
      await using fixture = await open();
      assert.equal(await fixture.blobs.get('never.png'), undefined);
      assert.equal(await fixture.blobs.has('never.png'), false);
    });

    test('a file is never changed: its name cannot be put again', async () => {
      await using fixture = await open();
      await fixture.blobs.put('same.png', { contentType: 'image/png', bytes: Buffer.from('first') });
      await assert.rejects(
        fixture.blobs.put('same.png', { contentType: 'image/png', bytes: Buffer.from('second') }),
      );
      assert.equal(Buffer.from((await fixture.blobs.get('same.png'))!.bytes).toString(), 'first');
    });

    test('a name that is no name of a picture cannot be put and is not there', async () => {
      await using fixture = await open();
      for (const name of [
        '',
        '.',
        '..',
        '../up.png',
        'a/b.png',
        'a\\b.png',
        'a.exe',
        'a',
        '.png',
        'a.png\0',
      ]) {
        await assert.rejects(fixture.blobs.put(name, { contentType: 'image/png', bytes: Buffer.from('x') }));
        assert.equal(await fixture.blobs.get(name), undefined);
        assert.equal(await fixture.blobs.has(name), false);
      }
    });
  });
}
