import type { GroupMemberView, GroupView, Presence } from '../../protocol/packets.ts';
import type { ConnectionState, ConversationState } from '../../sdk/types.ts';
import type { Timeline } from './timeline.ts';

export interface Connection {
  state: ConnectionState;
  reason?: string;
  /** When the next try is due, in milliseconds since 1970. */
  retryAt?: number;
  /** Whether this page was online once: before that it connects, afterwards it reconnects. */
  wasOnline: boolean;
}

export interface GroupDetails {
  group: GroupView;
  members: readonly GroupMemberView[];
  /** Where more members follow. */
  cursor?: string;
}

export interface Notice {
  id: number;
  text: string;
}

export type DialogName = 'new-chat' | 'new-group' | 'members';

/** All that the page shows of a signed-in user, but what is typed and not yet sent. */
export interface ChatState {
  userId: string;
  connection: Connection;
  /** Set once the session was ended for good. */
  ended: { code: number; reason: string } | null;
  conversations: readonly ConversationState[];
  /** Whether the list of conversations came once. */
  listed: boolean;
  openId: string | null;
  timelines: Readonly<Record<string, Timeline>>;
  /** Who types where. */
  typing: Readonly<Record<string, readonly string[]>>;
  presence: Readonly<Record<string, Presence>>;
  groups: Readonly<Record<string, GroupDetails>>;
  notices: readonly Notice[];
  dialog: DialogName | null;
}

export function initialState(userId: string): ChatState {
  return {
    userId,
    connection: { state: 'offline', wasOnline: false },
    ended: null,
    conversations: [],
    listed: false,
    openId: null,
    timelines: {},
    typing: {},
    presence: {},
    groups: {},
    notices: [],
    dialog: null,
  };
}
