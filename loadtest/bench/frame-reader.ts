/** What a server's frames are told to; offsets point into the bytes that were read. */
export interface FrameListener {
  /** A text frame's payload; valid during the call alone. */
  onText(bytes: Buffer, start: number, end: number): void;
  onClose(code: number): void;
}

const OPCODE_TEXT = 1;
const OPCODE_CLOSE = 8;
const FINAL = 0x80;
const CLOSED_WITHOUT_CODE = 1005;

/** Cuts what was read from a server into its frames, whose payloads are not masked. */
export class FrameReader {
  private readonly listener: FrameListener;
  /** The beginning of a frame whose end has not come yet. */
  private rest: Buffer | undefined;

  constructor(listener: FrameListener) {
    this.listener = listener;
  }

  /** The bytes are the caller's again when this returns. Gives how many whole text frames there were. */
  read(read: Buffer): number {
    const bytes = this.rest ? Buffer.concat([this.rest, read]) : read;
    let texts = 0;
    let at = 0;
    while (at < bytes.length) {
      const start = payloadStart(bytes, at);
      const end = start + payloadLength(bytes, at, start);
      if (!(end <= bytes.length)) break;
      if (this.frame(bytes, at, start, end)) texts++;
      at = end;
    }
    this.rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
    return texts;
  }

  private frame(bytes: Buffer, at: number, start: number, end: number): boolean {
    const opcode = bytes[at]! & 0x0f;
    if (opcode === OPCODE_TEXT && bytes[at]! & FINAL) {
      this.listener.onText(bytes, start, end);
      return true;
    }
    if (opcode !== OPCODE_CLOSE) throw new Error(`The server sent a frame of opcode ${opcode}, not text.`);
    this.listener.onClose(end - start >= 2 ? bytes.readUInt16BE(start) : CLOSED_WITHOUT_CODE);
    return false;
  }
}

function payloadStart(bytes: Buffer, at: number): number {
  const short = bytes[at + 1]!;
  if (short < 126) return at + 2;
  return short === 126 ? at + 4 : at + 10;
}

/** NaN where the length itself has not come yet. */
function payloadLength(bytes: Buffer, at: number, start: number): number {
  if (start > bytes.length || at + 2 > bytes.length) return Number.NaN;
  const short = bytes[at + 1]!;
  if (short < 126) return short;
  return short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}
