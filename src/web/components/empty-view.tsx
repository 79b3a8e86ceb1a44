import { useChat } from '../view/context.ts';
import { GroupIcon, Logo, NewChatIcon } from './icons.tsx';

/** What stands beside the list while no conversation is open. */
export function EmptyView() {
  const chat = useChat();
  return (
    <div class="empty-view">
      <Logo />
      <h2>Pick a conversation</h2>
      <p class="muted">Choose one from the list, or start a new one.</p>
      <div class="empty-actions">
        <button class="button" type="button" onClick={() => chat.showDialog('new-chat')}>
          <NewChatIcon /> New chat
        </button>
        <button class="button" type="button" onClick={() => chat.showDialog('new-group')}>
          <GroupIcon /> New group
        </button>
      </div>
    </div>
  );
}
