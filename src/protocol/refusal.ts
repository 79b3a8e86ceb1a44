import { CODES, type RefusalName } from './codes.ts';

/** What a refused packet or an HTTP error carries as its payload. */
export interface RefusalPayload {
  error: RefusalName;
  message: string;
  retry_after_ms?: number;
}

/**
 * A request that is refused with a code of the protocol. Thrown by the core and turned into an answer at its edge (a
 * frame or an HTTP response); `message` is a sentence for the client's author and holds nothing secret.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly error: RefusalName;
  readonly retryAfterMs: number | undefined;
  /** Whether the connection is closed after the answer. */
  readonly closes: boolean;

  constructor(error: RefusalName, message: string, retryAfterMs?: number, closes = false) {
    super(message);
    this.error = error;
    this.retryAfterMs = retryAfterMs;
    this.closes = closes;
  }

  get code(): number {
    return CODES[this.error].code;
  }

  payload(): RefusalPayload {
    const payload: RefusalPayload = { error: this.error, message: this.message };
    if (this.retryAfterMs !== undefined) payload.retry_after_ms = this.retryAfterMs;
    return payload;
  }
}
