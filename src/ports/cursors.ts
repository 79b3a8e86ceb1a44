import type { ConversationType } from '../protocol/ids.ts';
import type { StoredMessage } from './messages.ts';

/** One member's cursors in one conversation. Each only goes forward. */
export interface MemberCursor {
  user_id: string;
  conversation_id: string;
  /** The head when the member joined; what is up to it may be hidden, and is never unread. */
  join_seq: number;
  /** Received up to here, as the client said. */
  ack_seq: number;
  /** Read up to here, as the client said. */
  read_seq: number;
  /** The member's own newest message: sending is reading. */
  own_seq: number;
}

export interface CursorMove {
  user_id: string;
  conversation_id: string;
  ack_seq: number;
  read_seq: number;
}

export interface ConversationRow {
  conversation_id: string;
  type: ConversationType;
  /** A group's name. */
  name: string | null;
  head_seq: number;
  /** Last message, or the making of the group: ms since 1970. */
  last_time: number;
  cursor: MemberCursor;
  /** A message up to this one is hidden from the member. */
  hiddenThrough: number;
  /** The newest message that the member may see. */
  lastMessage: StoredMessage | null;
}

/** Where a list of conversations goes on: after this row, in descending order of (last_time, conversation_id). */
export interface ListPosition {
  lastTime: number;
  conversationId: string;
}

/** Cursors of members, and a user's list of conversations. */
export interface CursorStore {
  /**
   * Moves cursors forward, at most to the conversation's head; one that is lower than what is kept, or belongs to no
   * member, changes nothing. At most one move per (user, conversation). Returns the cursors that moved, as they are now.
   */
  advanceCursors(moves: CursorMove[]): Promise<MemberCursor[]>;

  /** All members' cursors of each of these conversations; of a group with more than `membersMax` members, none. */
  memberCursors(conversationIds: string[], membersMax: number): Promise<MemberCursor[]>;

  /** The conversations of a user that have a message, and all the user's groups, newest activity first. */
  listConversations(
    userId: string,
    after: ListPosition | undefined,
    limit: number,
  ): Promise<ConversationRow[]>;

  /** Those of `others` with whom the user shares a group, or a direct conversation that has a message. */
  sharingConversation(userId: string, others: string[]): Promise<Set<string>>;
}
