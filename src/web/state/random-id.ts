/** 128 random bits. `crypto.randomUUID` would do, but exists only where the page came over HTTPS or from this machine. */
export function randomId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}
