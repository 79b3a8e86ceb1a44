import { createRequire } from 'node:module';

interface Encoder {
  buf: Buffer;
  offset: number;
  ensureAvailable(length: number): void;
}

/** Most records fit, and it is small enough to come out of Node's pool. */
const BYTES_MIN = 512;

/**
 * kafkajs 2.2 encodes each record, and each part of a request, in memory of its own: 512 bytes that are set to zero, from
 * outside of the heap, then as much again where they do not suffice. That was two thirds of what it takes to encode a
 * request. This gives an encoder memory when it writes, from the pool that Node cuts small buffers from.
 */
export function encodeInPooledMemory(): void {
  const Encoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as {
    prototype: Encoder;
    nextPowerOfTwo(bytes: number): number;
  };
  // Of the bytes that an encoder begins with; what follows no longer asks for it.
  Encoder.nextPowerOfTwo = () => 0;
  Encoder.prototype.ensureAvailable = function (length) {
    const needed = this.offset + length;
    if (needed <= this.buf.length) return;
    // What lies behind the offset is never read, so it may be what was there before.
    const larger = Buffer.allocUnsafe(Math.max(BYTES_MIN, 2 * this.buf.length, needed));
    this.buf.copy(larger, 0, 0, this.offset);
    this.buf = larger;
  };
}
