export interface BlobFile {
  contentType: string;
  bytes: Uint8Array;
}

/** Uploaded pictures, by an unguessable name. Durable when `put` resolves; never changed afterwards. */
export interface Blobs {
  put(name: string, file: BlobFile): Promise<void>;
  get(name: string): Promise<BlobFile | undefined>;
  has(name: string): Promise<boolean>;
}
