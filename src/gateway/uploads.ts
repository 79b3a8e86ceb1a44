import { randomBytes } from 'node:crypto';

/** What a picture may be, told by its first bytes. */
const IMAGE_TYPES = [
  { extension: 'png', contentType: 'image/png', matches: startsWith('89504e470d0a1a0a') },
  { extension: 'jpg', contentType: 'image/jpeg', matches: startsWith('ffd8ff') },
  {
    extension: 'gif',
    contentType: 'image/gif',
    matches: (b: Buffer) => /^GIF8[79]a/.test(b.toString('latin1', 0, 6)),
  },
  {
    extension: 'webp',
    contentType: 'image/webp',
    matches: (b: Buffer) => b.toString('latin1', 0, 4) === 'RIFF' && b.toString('latin1', 8, 12) === 'WEBP',
  },
];

const UPLOADS_PATH = '/v1/uploads/';
/** 24 random bytes: not to be guessed. */
const NAME_PATTERN = /^[A-Za-z0-9_-]{32}\.(png|jpg|gif|webp)$/;

function startsWith(hex: string): (bytes: Buffer) => boolean {
  return (bytes) => bytes.toString('hex', 0, hex.length / 2) === hex;
}

/** A name for the picture, unguessable, or undefined where the bytes are none of the four kinds. */
export function nameImage(bytes: Buffer): { name: string; contentType: string } | undefined {
  const type = IMAGE_TYPES.find((candidate) => candidate.matches(bytes));
  if (!type) return undefined;
  return {
    name: `${randomBytes(24).toString('base64url')}.${type.extension}`,
    contentType: type.contentType,
  };
}

/** Relative to the server, so that it holds under whatever name clients reach it by. */
export function uploadUrl(name: string): string {
  return UPLOADS_PATH + name;
}

export function isUploadName(name: string): boolean {
  return NAME_PATTERN.test(name);
}

/** Whether the URL has the form that an upload gives; not whether there was that upload. */
export function isUploadUrl(url: string): boolean {
  return url.startsWith(UPLOADS_PATH) && isUploadName(uploadName(url));
}

export function uploadName(url: string): string {
  return url.slice(UPLOADS_PATH.length);
}
