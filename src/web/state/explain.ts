import type { RefusalName } from '../../protocol/codes.ts';
import { SeqlineError } from '../../sdk/index.ts';

type Reason = SeqlineError['error'];

const SENTENCES: Record<Reason, string> = {
  bad_packet: 'The server did not accept that.',
  unauthenticated: 'You are signed out. Sign in again.',
  forbidden: 'You are not allowed to do that here.',
  not_found: 'That does not exist, or no longer.',
  conflict: 'That was already done in another way.',
  too_large: 'That is too large.',
  rate_limited: 'Too fast. Wait a moment and try again.',
  internal: 'The server has a problem. Try again.',
  unavailable: 'The server is busy. Try again in a moment.',
  closed: 'The connection has ended.',
  timeout: 'The server did not answer in time.',
};

/** A sentence for the user. `special` says better what some refusals mean at that place. */
export function explain(error: unknown, special: Partial<Record<RefusalName, string>> = {}): string {
  if (error instanceof SeqlineError) {
    const { [error.error]: sentence = SENTENCES[error.error] } = special as Partial<typeof SENTENCES>;
    return sentence ?? error.message;
  }
  // `fetch` rejects with a TypeError where no answer came.
  if (error instanceof TypeError) return 'The server cannot be reached.';
  return error instanceof Error ? error.message : 'That did not work.';
}
