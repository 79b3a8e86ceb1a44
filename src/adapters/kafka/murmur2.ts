/** The hash that Kafka's own clients spread keys with: over a key's UTF-8 bytes, as a signed 32-bit number. */
export function murmur2(key: string): number {
  const bytes = Buffer.from(key);
  const length = bytes.length;
  const whole = length - (length % 4);
  let h = 0x9747b28c ^ length;
  for (let i = 0; i < whole; i += 4) {
    h = Math.imul(h, 0x5bd1e995) ^ mix(bytes.readInt32LE(i));
  }
  if (length > whole) {
    for (let i = length - 1; i >= whole; i--) h ^= bytes[i]! << (8 * (i - whole));
    h = Math.imul(h, 0x5bd1e995);
  }
  h ^= h >>> 13;
  h = Math.imul(h, 0x5bd1e995);
  return h ^ (h >>> 15);
}

/** The partition of a key, as Kafka's own clients choose it. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

function mix(word: number): number {
  const k = Math.imul(word, 0x5bd1e995);
  return Math.imul(k ^ (k >>> 24), 0x5bd1e995);
}
