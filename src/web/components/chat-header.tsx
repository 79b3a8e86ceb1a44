import type { ChatState } from '../state/chat-state.ts';
import { peerOf } from '../state/people.ts';
import { HASH_OF_LIST } from '../state/route.ts';
import { useChat, useSelected } from '../view/context.ts';
import { lastSeen } from '../view/format.ts';
import { titleOf, typingLine } from '../view/names.ts';
import { useNow } from '../view/use-environment.ts';
import { Avatar } from './avatar.tsx';
import { BackIcon, GroupIcon } from './icons.tsx';

export function ChatHeader({ id }: { id: string }) {
  const chat = useChat();
  const userId = useSelected((state) => state.userId);
  const title = useSelected((state) => titleOf(state, id));
  const isMember = useSelected((state) => state.timelines[id]?.phase === 'ready');
  const now = useNow(30_000);
  const subtitle = useSelected((state) => subtitleOf(state, id, now));
  const peer = peerOf(id, userId);
  const online = useSelected((state) => isOnline(state, peer));
  return (
    <header class="bar">
      <a class="icon-button back" href={HASH_OF_LIST} aria-label="Back to the list">
        <BackIcon />
      </a>
      <Avatar
        id={peer ?? id}
        name={title}
        shape={peer ? 'person' : 'group'}
        size="small"
        online={online && peer !== userId}
      />
      <div class="bar-title">
        <h2 title={title}>{title}</h2>
        <p class="muted">{subtitle}</p>
      </div>
      {!peer && isMember && (
        <button
          class="icon-button"
          type="button"
          aria-label="Members"
          title="Members"
          onClick={() => chat.showDialog('members')}
        >
          <GroupIcon />
        </button>
      )}
    </header>
  );
}

/** Without a connection nothing is known about anybody. */
function isOnline({ connection, presence, userId: own }: ChatState, userId: string | undefined): boolean {
  if (connection.state !== 'online' || userId === undefined) return false;
  return userId === own || presence[userId]?.online === true;
}

function subtitleOf(state: ChatState, id: string, now: number): string {
  const typing = typingLine(state.typing[id] ?? []);
  if (typing) return `${typing}…`;
  const peer = peerOf(id, state.userId);
  if (peer === state.userId) return 'Only you see this';
  if (peer !== undefined) {
    if (isOnline(state, peer)) return 'Online';
    const known = state.presence[peer];
    return known && state.connection.state === 'online' ? lastSeen(known.last_seen, now) : '';
  }
  const details = state.groups[id];
  if (!details) return 'Group';
  const { member_count: count } = details.group;
  const there = details.members.filter(({ user_id }) => isOnline(state, user_id)).length;
  const members = count === 1 ? '1 member' : `${count} members`;
  return there > 0 ? `${members}, ${there} online` : members;
}
