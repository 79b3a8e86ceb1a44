import { LIMITS } from '../../protocol/limits.ts';

export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Why a file cannot be sent as a picture, as a sentence, or undefined where it can. */
export function pictureProblem(file: File): string | undefined {
  if (!PICTURE_TYPES.includes(file.type)) return 'A picture is a PNG, JPEG, GIF or WebP file.';
  if (file.size > LIMITS.uploadBytesMax) return 'A picture has at most 5 MiB.';
  return undefined;
}

/** The pictures that this page sends, by the ids of their messages. */
export function createPictures() {
  const waiting = new Map<string, File>();
  const previews = new Map<string, string>();
  return {
    add(msgId: string, file: File): void {
      waiting.set(msgId, file);
      previews.set(msgId, URL.createObjectURL(file));
    },
    /** The file, until it is uploaded. */
    waiting: (msgId: string) => waiting.get(msgId),
    uploaded: (msgId: string) => waiting.delete(msgId),
    /** The picture as it lies on this computer; it stays, so that the image on the page need not be loaded again. */
    previewOf: (msgId: string) => previews.get(msgId),
    dispose(): void {
      for (const preview of previews.values()) URL.revokeObjectURL(preview);
    },
  };
}
