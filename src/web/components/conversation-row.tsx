import type { ConversationState } from '../../sdk/types.ts';
import { peerOf } from '../state/people.ts';
import { hashOfConversation } from '../state/route.ts';
import { useSelected } from '../view/context.ts';
import { shortTime } from '../view/format.ts';
import { preview, titleOf, typingLine } from '../view/names.ts';
import { Avatar } from './avatar.tsx';

interface Props {
  conversation: ConversationState;
  now: number;
}

const UNREAD_SHOWN_MAX = 99;

export function ConversationRow({ conversation, now }: Props) {
  const { conversation_id: id, unread, last_message: last } = conversation;
  const userId = useSelected((state) => state.userId);
  const title = useSelected((state) => titleOf(state, id));
  const isOpen = useSelected((state) => state.openId === id);
  const typing = useSelected((state) => typingLine(state.typing[id] ?? []));
  const peer = peerOf(id, userId);
  const online = useSelected(
    (state) =>
      state.connection.state === 'online' && peer !== undefined && state.presence[peer]?.online === true,
  );
  return (
    <li>
      <a
        class={unread > 0 ? 'conversation unread' : 'conversation'}
        href={hashOfConversation(id)}
        aria-current={isOpen ? 'true' : undefined}
        data-testid="conversation"
        data-conversation-id={id}
      >
        <Avatar id={peer ?? id} name={title} shape={peer ? 'person' : 'group'} online={online} />
        <span class="conversation-title">
          {title}
          {online && <span class="visually-hidden">, online</span>}
        </span>
        {last && (
          <time dateTime={new Date(last.send_time).toISOString()}>{shortTime(last.send_time, now)}</time>
        )}
        <span class={typing ? 'conversation-preview typing' : 'conversation-preview'}>
          {typing ? `${typing}…` : preview(conversation, userId)}
        </span>
        {unread > 0 && (
          <>
            <span class="badge" data-testid="unread" aria-hidden="true">
              {unread > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : unread}
            </span>
            <span class="visually-hidden">{unread} unread</span>
          </>
        )}
      </a>
    </li>
  );
}
