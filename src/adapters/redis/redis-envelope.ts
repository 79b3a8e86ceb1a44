/** What is published together, as JSON. */
export interface Envelope {
  v: typeof ENVELOPE_VERSION;
  items: object[];
}

/** Raised when a gateway of the version before could misunderstand what is in the envelope. */
export const ENVELOPE_VERSION = 1;

export type IgnoredReason = 'malformed' | 'unknown_version';

export function encodeEnvelope(items: object[]): string {
  return JSON.stringify({ v: ENVELOPE_VERSION, items } satisfies Envelope);
}

/** The items, or why the envelope cannot be read. */
export function decodeEnvelope(text: string): object[] | IgnoredReason {
  let envelope: Partial<Envelope> | null;
  try {
    envelope = JSON.parse(text);
  } catch {
    return 'malformed';
  }
  if (typeof envelope !== 'object' || envelope === null) return 'malformed';
  if (envelope.v !== ENVELOPE_VERSION) return Number.isInteger(envelope.v) ? 'unknown_version' : 'malformed';
  const { items } = envelope;
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'object' && item !== null)) {
    return 'malformed';
  }
  return items;
}
