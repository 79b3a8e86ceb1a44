/**
 * The codes of answers and of closes. `docs/protocol.md` shows the same two tables; a test holds them equal.
 * An HTTP error carries the same code, and its HTTP status equals it.
 */
export const CODES = {
  ok: { code: 0, retry: 'none' },
  bad_packet: { code: 400, retry: 'none' },
  unauthenticated: { code: 401, retry: 'new_token' },
  forbidden: { code: 403, retry: 'none' },
  not_found: { code: 404, retry: 'none' },
  conflict: { code: 409, retry: 'none' },
  too_large: { code: 413, retry: 'none' },
  rate_limited: { code: 429, retry: 'after' },
  internal: { code: 500, retry: 'now' },
  unavailable: { code: 503, retry: 'after' },
} as const satisfies Record<string, { code: number; retry: Retry }>;

/** `none`: it will fail again. `new_token`: with a new token. `now`: with a backoff. `after`: after `retry_after_ms`. */
export type Retry = 'none' | 'new_token' | 'now' | 'after';
export type CodeName = keyof typeof CODES;
export type RefusalName = Exclude<CodeName, 'ok'>;
export type Code = (typeof CODES)[CodeName]['code'];

/**
 * Close codes of the WebSocket. `reconnect` is what a client does: `no`, `yes` (with backoff), `drain` (after the
 * time that the event `drain` named), `new_token` (after it has a new token).
 */
export const CLOSES = {
  binary_frame: { code: 1003, reconnect: 'no' },
  not_utf8: { code: 1007, reconnect: 'no' },
  too_many_frames: { code: 1008, reconnect: 'no' },
  frame_too_large: { code: 1009, reconnect: 'no' },
  restart: { code: 1012, reconnect: 'drain' },
  bad_packets: { code: 4400, reconnect: 'no' },
  unauthenticated: { code: 4401, reconnect: 'new_token' },
  heartbeat_timeout: { code: 4408, reconnect: 'yes' },
  taken_over: { code: 4409, reconnect: 'no' },
  slow_reader: { code: 4413, reconnect: 'yes' },
  too_many: { code: 4429, reconnect: 'yes' },
} as const satisfies Record<string, { code: number; reconnect: Reconnect }>;

export type Reconnect = 'no' | 'yes' | 'drain' | 'new_token';
export type CloseName = keyof typeof CLOSES;

const byCode = new Map<number, CodeName>(
  Object.entries(CODES).map(([name, entry]) => [entry.code, name as CodeName]),
);

export function codeName(code: number): CodeName | undefined {
  return byCode.get(code);
}

/** The close that a client saw, or undefined for one that is not ours (1006, a proxy's). */
export function closeByCode(code: number): { name: CloseName; reconnect: Reconnect } | undefined {
  for (const [name, entry] of Object.entries(CLOSES)) {
    if (entry.code === code) return { name: name as CloseName, reconnect: entry.reconnect };
  }
  return undefined;
}
