import { codeName, type RefusalName } from '../protocol/codes.ts';
import type { OutputPacket } from '../protocol/packets.ts';
import type { RefusalPayload } from '../protocol/refusal.ts';
import type { SeqlineErrorShape } from './types.ts';

/** Close code of a client that ended by its own `close()`. */
export const CLOSE_NORMAL = 1000;

/** What a browser reports for a connection that ended without a close frame; used too for one that went silent. */
export const CLOSE_ABNORMAL = 1006;

/** Code of a call that the server did not answer in time; HTTP's own number for it. */
const TIMEOUT_CODE = 408;

/**
 * A refusal of the server (`code` and `error` as in the protocol), or of the client itself: `closed`, whose `code` is
 * the close code, and `timeout`.
 */
export class SeqlineError extends Error implements SeqlineErrorShape {
  override readonly name = 'SeqlineError';
  readonly code: number;
  readonly error: SeqlineErrorShape['error'];
  readonly retryAfterMs: number | undefined;

  constructor(code: number, error: SeqlineErrorShape['error'], message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The connection ended before the answer came. Whether the server acted on the request is unknown. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';

  constructor() {
    super('The connection ended before the answer came.');
  }
}

/** What a refusal says, whether it came in a frame or as an HTTP error. A proxy's body may hold nothing of it. */
export function refusalError(code: number, payload: Partial<RefusalPayload> | undefined): SeqlineError {
  const name = payload?.error ?? codeName(code);
  const error: RefusalName = name === undefined || name === 'ok' ? 'internal' : name;
  const message = payload?.message ?? `The server refused with ${code}.`;
  return new SeqlineError(code, error, message, payload?.retry_after_ms ?? undefined);
}

export function packetError(packet: OutputPacket): SeqlineError {
  return refusalError(packet.code, packet.payload as Partial<RefusalPayload> | undefined);
}

export function closedError(code: number, reason: string): SeqlineError {
  return new SeqlineError(code, 'closed', reason);
}

export function timeoutError(message: string): SeqlineError {
  return new SeqlineError(TIMEOUT_CODE, 'timeout', message);
}

export function isClosed(error: unknown): boolean {
  return error instanceof SeqlineError && error.error === 'closed';
}

/** The caller is no member of that conversation, or there is none: asking again is of no use. */
export function isGone(error: unknown): boolean {
  return error instanceof SeqlineError && (error.error === 'forbidden' || error.error === 'not_found');
}
