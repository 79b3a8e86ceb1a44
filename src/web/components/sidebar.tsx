import { useRef } from 'preact/hooks';
import { directMembers } from '../../protocol/ids.ts';
import type { ConversationState } from '../../sdk/types.ts';
import { useChat, useSelected } from '../view/context.ts';
import { useNow } from '../view/use-environment.ts';
import { Avatar } from './avatar.tsx';
import { ConversationRow } from './conversation-row.tsx';
import { GroupIcon, NewChatIcon, SignOutIcon } from './icons.tsx';

const CONNECTION_LABELS = {
  online: 'Online',
  connecting: 'Connecting…',
  waiting: 'Offline',
  offline: 'Offline',
  closed: 'Offline',
};

export function Sidebar({ onSignOut }: { onSignOut(): void }) {
  const chat = useChat();
  const userId = useSelected((state) => state.userId);
  const connection = useSelected((state) => state.connection.state);
  return (
    <aside class="sidebar">
      <header class="bar">
        <Avatar id={userId} name={userId} size="small" online={connection === 'online'} />
        <div class="bar-title">
          <h1 title={userId}>{userId}</h1>
          <p class="muted">{CONNECTION_LABELS[connection]}</p>
        </div>
        <button
          class="icon-button"
          type="button"
          aria-label="New chat"
          title="New chat"
          data-testid="new-chat"
          onClick={() => chat.showDialog('new-chat')}
        >
          <NewChatIcon />
        </button>
        <button
          class="icon-button"
          type="button"
          aria-label="New group"
          title="New group"
          data-testid="new-group"
          onClick={() => chat.showDialog('new-group')}
        >
          <GroupIcon />
        </button>
        <button class="icon-button" type="button" aria-label="Sign out" title="Sign out" onClick={onSignOut}>
          <SignOutIcon />
        </button>
      </header>
      <ConversationList />
    </aside>
  );
}

function ConversationList() {
  const list = useRef<HTMLUListElement>(null);
  const conversations = useSelected((state) => state.conversations);
  const openId = useSelected((state) => state.openId);
  const listed = useSelected((state) => state.listed);
  const userId = useSelected((state) => state.userId);
  const now = useNow(60_000);
  const shown = withOpen(conversations, openId, userId);

  const walk = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [...(list.current?.querySelectorAll('a') ?? [])];
    const next = links[links.indexOf(document.activeElement as HTMLAnchorElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  return (
    <nav class="conversations" aria-label="Conversations" onKeyDown={walk}>
      {shown.length > 0 && (
        // Without its bullets Safari takes a list for none, unless it is told.
        // biome-ignore lint/a11y/noRedundantRoles: see above
        <ul ref={list} role="list">
          {shown.map((conversation) => (
            <ConversationRow key={conversation.conversation_id} conversation={conversation} now={now} />
          ))}
        </ul>
      )}
      {listed && shown.length === 0 && (
        <p class="muted list-hint">No conversations yet. Start a chat with somebody, or create a group.</p>
      )}
    </nav>
  );
}

/** A direct conversation that has no message yet is not listed by the server; while it is open it stands on top. */
function withOpen(
  conversations: readonly ConversationState[],
  openId: string | null,
  userId: string,
): readonly ConversationState[] {
  if (!openId || !directMembers(openId)?.includes(userId)) return conversations;
  if (conversations.some(({ conversation_id }) => conversation_id === openId)) return conversations;
  const place = { head_seq: 0, ack_seq: 0, read_seq: 0, unread: 0, last_message: null };
  return [{ conversation_id: openId, type: 'direct', ...place }, ...conversations];
}
