import { useSelected } from '../view/context.ts';
import { useReconnect, useRoute, useTitle } from '../view/use-environment.ts';
import { ChatView } from './chat-view.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { EmptyView } from './empty-view.tsx';
import { Ended } from './ended.tsx';
import { MembersDialog } from './members-dialog.tsx';
import { NewChatDialog } from './new-chat-dialog.tsx';
import { NewGroupDialog } from './new-group-dialog.tsx';
import { Notices } from './notices.tsx';
import { Sidebar } from './sidebar.tsx';

interface Props {
  onSignOut(): void;
  onRestart(): void;
}

/** The list beside the open conversation; on a phone's width one of the two. */
export function Shell({ onSignOut, onRestart }: Props) {
  const openId = useSelected((state) => state.openId);
  const dialog = useSelected((state) => state.dialog);
  const ended = useSelected((state) => state.ended);
  useRoute();
  useReconnect();
  useTitle();

  if (ended)
    return <Ended code={ended.code} reason={ended.reason} onSignOut={onSignOut} onRestart={onRestart} />;
  return (
    <div class="app">
      <ConnectionBanner />
      <div class={openId ? 'panes chat-open' : 'panes'}>
        <Sidebar onSignOut={onSignOut} />
        <main class="pane">{openId ? <ChatView key={openId} id={openId} /> : <EmptyView />}</main>
      </div>
      {dialog === 'new-chat' && <NewChatDialog />}
      {dialog === 'new-group' && <NewGroupDialog />}
      {dialog === 'members' && openId && <MembersDialog id={openId} />}
      <Notices />
    </div>
  );
}
