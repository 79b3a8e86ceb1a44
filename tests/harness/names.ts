import { randomBytes } from 'node:crypto';

/** A user id that no other test uses, on whatever server it runs. */
export function freshUser(name: string): string {
  return `${name}-${randomBytes(6).toString('hex')}`;
}

export function freshGroupId(name = 'test'): string {
  return `group_${freshUser(name)}`;
}

export function freshMsgId(): string {
  return `m-${randomBytes(8).toString('hex')}`;
}

/** The id of the conversation of two users, or of one with oneself; ids are ASCII, so string order is byte order. */
export function p2p(a: string, b: string): string {
  return a < b ? `p2p:${a}:${b}` : `p2p:${b}:${a}`;
}
