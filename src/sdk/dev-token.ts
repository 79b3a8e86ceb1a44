import type { RefusalPayload } from '../protocol/refusal.ts';
import { refusalError } from './errors.ts';

/**
 * Tokens for any user from a server under development: for the option `token` of a client. It throws `SeqlineError`
 * where the server gives none: 404 where they are off, 403 where it gives them to its own machine alone.
 */
export function devToken(url: string, userId: string): () => Promise<string> {
  return async () => {
    const response = await fetch(`${url.replace(/\/+$/, '')}/v1/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: userId }),
    });
    const answer = await response.json().catch(() => undefined);
    if (!response.ok) throw refusalError(response.status, answer as Partial<RefusalPayload> | undefined);
    return (answer as { token: string }).token;
  };
}
