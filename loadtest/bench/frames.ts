/** WebSocket frames of a client, ready to be written: text, final, masked. */

/** A client must mask; what it masks with only matters to proxies, so one key for all saves the work of choosing. */
const MASK = Buffer.from([0x5a, 0xc3, 0x17, 0x8e]);
const TEXT_FINAL = 0x81;
const MASKED = 0x80;

export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = headOf(payload.length);
  const frame = Buffer.concat([head, payload]);
  for (let i = head.length; i < frame.length; i++) frame[i]! ^= MASK[(i - head.length) & 3]!;
  return frame;
}

function headOf(length: number): Buffer {
  if (length < 126) return Buffer.from([TEXT_FINAL, MASKED | length, ...MASK]);
  if (length < 65_536) return Buffer.from([TEXT_FINAL, MASKED | 126, length >> 8, length & 255, ...MASK]);
  throw new Error(`A frame of ${length} bytes is more than any workload sends.`);
}

/** The frame many times over, so that any number of them is one slice. */
export function repeated(frame: Buffer, times: number): Buffer {
  return Buffer.concat(Array.from({ length: times }, () => frame));
}

/** Where a number is written into a text: ten digits, enough for all that one run sends. */
const DIGITS = 10;
const PLACE = '#'.repeat(DIGITS);

/** Frames that differ in one number alone; the frame is made once and the number is written over its digits. */
export interface NumberedFrames {
  /** `count` frames in a row, numbered from `first` on. */
  from(first: number, count: number): Buffer;
}

/** `textOf` gets what stands for the number, which is always of the same length. */
export function numberedFrames(textOf: (number: string) => string): NumberedFrames {
  const text = textOf(PLACE);
  const template = textFrame(text);
  const offset = Buffer.from(text).indexOf(PLACE);
  const at = template.length - Buffer.byteLength(text) + offset;
  return {
    from(first, count) {
      const frames = Buffer.allocUnsafe(template.length * count);
      for (let i = 0; i < count; i++) {
        template.copy(frames, i * template.length);
        writeDigits(frames, i * template.length + at, offset, first + i);
      }
      return frames;
    },
  };
}

function writeDigits(frames: Buffer, at: number, offset: number, number: number): void {
  let rest = number;
  for (let digit = DIGITS - 1; digit >= 0; digit--) {
    frames[at + digit] = (0x30 + (rest % 10)) ^ MASK[(offset + digit) & 3]!;
    rest = Math.floor(rest / 10);
  }
}
