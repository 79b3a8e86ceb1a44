import { conversationType } from '../../protocol/ids.ts';

const PREFIX = '#/c/';

/** The conversation that the address names, or null. */
export function conversationOfHash(hash: string): string | null {
  if (!hash.startsWith(PREFIX)) return null;
  try {
    const id = decodeURIComponent(hash.slice(PREFIX.length));
    return conversationType(id) ? id : null;
  } catch {
    // A percent sign that begins no escape: such an address names nothing.
    return null;
  }
}

/** Ids hold no character that would need escaping in a fragment. */
export function hashOfConversation(id: string): string {
  return PREFIX + id;
}

export const HASH_OF_LIST = '#/';
