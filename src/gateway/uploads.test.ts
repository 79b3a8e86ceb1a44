import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUploadUrl, nameImage, uploadUrl } from './uploads.ts';

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex');

test('a picture is told by its bytes', () => {
  const cases: [Buffer, string | undefined][] = [
    [PNG, 'image/png'],
    [Buffer.from('ffd8ffe000', 'hex'), 'image/jpeg'],
    [Buffer.from('GIF89a....'), 'image/gif'],
    [Buffer.from('RIFF....WEBPVP8 '), 'image/webp'],
    [Buffer.from('RIFF....WAVE'), undefined],
    [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), undefined],
    [Buffer.from('<!doctype html>'), undefined],
    [Buffer.alloc(0), undefined],
    [PNG.subarray(0, 4), undefined],
  ];
  for (const [bytes, type] of cases)
    assert.equal(nameImage(bytes)?.contentType, type, bytes.toString('latin1'));
});

test('each picture gets a name of its own, and its URL is known by its form', () => {
  const names = new Set(Array.from({ length: 100 }, () => nameImage(PNG)!.name));
  assert.equal(names.size, 100);
  for (const name of names) assert.ok(isUploadUrl(uploadUrl(name)), name);
  for (const url of [
    '/v1/uploads/../auth-secret',
    '/v1/uploads/x.png',
    '/etc/passwd',
    'http:/v1/uploads/',
    '',
  ]) {
    assert.equal(isUploadUrl(url), false, url);
  }
});
