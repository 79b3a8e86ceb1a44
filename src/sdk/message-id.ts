const ID_BYTES = 16;

/**
 * A random id of 128 bits in hex. Not `crypto.randomUUID`: browsers have that on HTTPS and localhost only, and a page
 * under development is often opened by the address of a machine.
 */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * An id that grows with time and is random beyond it: what is sent one after the other lies side by side in the index of
 * the server's store, which then stores about twice as fast as under scattered ids.
 */
export function messageId(now: number): string {
  return `${now.toString(36)}-${randomId()}`;
}
