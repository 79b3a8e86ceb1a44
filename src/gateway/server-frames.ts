const TEXT_FINAL = 0x81;
/** A longer payload has its length behind the first two bytes, in two bytes or in eight. */
const SHORT_MAX = 125;
const MEDIUM_MAX = 65_535;

/** WebSocket frames of a server, ready for the socket: each text final and unmasked, one behind the other. RFC 6455, 5.2. */
export function serverFrames(texts: Buffer[]): Buffer {
  return Buffer.concat(texts.flatMap((text) => [headOf(text.length), text]));
}

function headOf(length: number): Buffer {
  if (length <= SHORT_MAX) return Buffer.from([TEXT_FINAL, length]);
  if (length <= MEDIUM_MAX) {
    const head = Buffer.from([TEXT_FINAL, 126, 0, 0]);
    head.writeUInt16BE(length, 2);
    return head;
  }
  const head = Buffer.from([TEXT_FINAL, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
