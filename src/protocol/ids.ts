/**
 * Identifiers on the wire. All are compared byte for byte; none holds a character above U+007F, so JavaScript's own
 * string order is their byte order.
 */
export const USER_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$';
export const DEVICE_ID_PATTERN = USER_ID_PATTERN;
export const MSG_ID_PATTERN = '^[A-Za-z0-9_.:-]{1,64}$';
export const GROUP_ID_PATTERN = '^group_[A-Za-z0-9_.-]{1,64}$';

const userId = new RegExp(USER_ID_PATTERN);
const msgId = new RegExp(MSG_ID_PATTERN);
const groupId = new RegExp(GROUP_ID_PATTERN);

export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && userId.test(value);
}

export function isMsgId(value: unknown): value is string {
  return typeof value === 'string' && msgId.test(value);
}

export function isGroupId(value: unknown): value is string {
  return typeof value === 'string' && groupId.test(value);
}

const DIRECT_PREFIX = 'p2p:';

/** The conversation of two users, or of one user with oneself. */
export function directConversationId(a: string, b: string): string {
  return a <= b ? `${DIRECT_PREFIX}${a}:${b}` : `${DIRECT_PREFIX}${b}:${a}`;
}

/** Whether an id, which is known to be of one of the two forms, is a direct conversation's. */
export function isDirect(conversationId: string): boolean {
  return conversationId.startsWith(DIRECT_PREFIX);
}

/** The two members of a direct conversation in ascending order, or undefined where the id is of another form. */
export function directMembers(conversationId: string): [string, string] | undefined {
  if (!isDirect(conversationId)) return undefined;
  const colon = conversationId.indexOf(':', DIRECT_PREFIX.length);
  if (colon < 0) return undefined;
  const a = conversationId.slice(DIRECT_PREFIX.length, colon);
  const b = conversationId.slice(colon + 1);
  return a <= b && isUserId(a) && isUserId(b) ? [a, b] : undefined;
}

export type ConversationType = 'direct' | 'group';

/** The type that a conversation id tells, or undefined where it is neither of the two forms. */
export function conversationType(id: string): ConversationType | undefined {
  if (groupId.test(id)) return 'group';
  return directMembers(id) ? 'direct' : undefined;
}
