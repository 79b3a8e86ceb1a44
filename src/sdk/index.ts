export type { RefusalName } from '../protocol/codes.ts';
export { directConversationId, directMembers } from '../protocol/ids.ts';
export { type Message, type MessageStatus, MSG_TYPE, type MsgType, STATUS } from '../protocol/message.ts';
export type {
  ConversationSummary,
  EventOf,
  GroupMemberView,
  GroupView,
  MemberChange,
  Presence,
  Role,
} from '../protocol/packets.ts';
export { createClient } from './client.ts';
export { localStorageStore, memoryStore } from './cursor-store.ts';
export { devToken } from './dev-token.ts';
export { SeqlineError } from './errors.ts';
export type * from './types.ts';
