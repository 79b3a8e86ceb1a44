import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useChat, useSelected } from '../view/context.ts';
import { typingLine } from '../view/names.ts';
import { rowsOf } from '../view/rows.ts';
import { useAttention, useNow } from '../view/use-environment.ts';
import { useLogScroll } from '../view/use-log-scroll.ts';
import { DownIcon } from './icons.tsx';
import { MessageRow } from './message-row.tsx';

export function MessageLog({ id }: { id: string }) {
  const chat = useChat();
  const timeline = useSelected((state) => state.timelines[id]);
  const userId = useSelected((state) => state.userId);
  const typing = useSelected((state) => typingLine(state.typing[id] ?? []));
  const unread = useSelected(
    (state) => state.conversations.find((one) => one.conversation_id === id)?.unread ?? 0,
  );
  const mayRecallAll = useSelected((state) =>
    state.groups[id]?.members.some((member) => member.user_id === userId && member.role !== 'member'),
  );
  const list = useRef<HTMLOListElement>(null);
  const now = useNow(60_000);
  const attentive = useAttention();
  const rows = useMemo(() => (timeline ? rowsOf(timeline, userId, now) : []), [timeline, userId, now]);
  const scroll = useLogScroll(list, rows, () => void chat.reading.loadOlder(id));
  const [active, setActive] = useState<string>();

  const lastSeq = timeline?.messages.at(-1)?.seq;
  useEffect(() => {
    if (attentive && scroll.atEnd && lastSeq !== undefined) chat.reading.seen(id, lastSeq);
  }, [chat, id, attentive, scroll.atEnd, lastSeq, unread]);

  const messages = rows.filter((row) => row.kind === 'message');
  const reachable = messages.find((row) => row.key === active)?.key ?? messages.at(-1)?.key;
  const walk = (event: KeyboardEvent) => walkMessages(event, list.current);

  return (
    <div class="log-frame">
      <div
        class="log"
        ref={scroll.frame}
        role="log"
        aria-label="Messages"
        aria-busy={timeline?.phase !== 'ready' || timeline.loadingOlder}
        onScroll={scroll.onScroll}
        onKeyDown={walk}
      >
        <ol ref={list}>
          {rows.map((row) => {
            if (row.kind === 'day') return <DayRow key={row.key} title={row.title} />;
            if (row.kind === 'unread') return <UnreadRow key={row.key} />;
            const props = {
              conversationId: id,
              mayRecallAll,
              reachable: row.key === reachable,
              onFocus: () => setActive(row.key),
            };
            return <MessageRow key={row.key} row={row} {...props} />;
          })}
          {rows.length === 0 && (
            <li class="log-note">
              {timeline?.phase === 'ready' ? 'No messages yet. Say hello.' : 'Loading…'}
            </li>
          )}
          {typing && <TypingRow text={typing} />}
        </ol>
      </div>
      {timeline?.loadingOlder && <p class="log-loading">Loading…</p>}
      {!scroll.atEnd && (
        <button class="to-end" type="button" aria-label="To the newest message" onClick={scroll.toEnd}>
          <DownIcon />
          {unread > 0 && <span class="badge">{unread}</span>}
        </button>
      )}
    </div>
  );
}

function DayRow({ title }: { title: string }) {
  return (
    <li class="day">
      <span>{title}</span>
    </li>
  );
}

function UnreadRow() {
  return (
    <li class="unread-line" data-unread-line>
      <span>New messages</span>
    </li>
  );
}

function TypingRow({ text }: { text: string }) {
  return (
    <li class="typing-row">
      <span class="typing-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {text}
    </li>
  );
}

/** The arrow keys go from message to message; Tab goes from the log on to the composer. */
function walkMessages(event: KeyboardEvent, list: HTMLElement | null): void {
  const messages = [...(list?.querySelectorAll<HTMLElement>('[data-testid=message]') ?? [])];
  const at = messages.findIndex((message) => message.contains(document.activeElement));
  const targets: Record<string, HTMLElement | undefined> = {
    ArrowDown: messages[at + 1],
    ArrowUp: messages[at - 1],
    Home: messages[0],
    End: messages.at(-1),
  };
  const target = at < 0 ? undefined : targets[event.key];
  if (!target) return;
  event.preventDefault();
  target.focus();
}
