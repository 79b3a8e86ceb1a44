import { conversationType } from '../../protocol/ids.ts';
import { MSG_TYPE } from '../../protocol/message.ts';
import { useChat } from '../view/context.ts';
import { timeOfDay, wholeTime } from '../view/format.ts';
import type { Entry, Row } from '../view/rows.ts';
import { Avatar } from './avatar.tsx';
import { RecallIcon } from './icons.tsx';
import { Picture } from './picture.tsx';
import { RichText } from './rich-text.tsx';
import { StatusMark } from './status-mark.tsx';

interface Props {
  conversationId: string;
  row: Extract<Row, { kind: 'message' }>;
  /** A group's owner and admins may recall what others wrote. */
  mayRecallAll: boolean | undefined;
  /** Whether the Tab key reaches this message; one of all is. */
  reachable: boolean;
  onFocus(): void;
}

export function MessageRow({ conversationId, row, mayRecallAll, reachable, onFocus }: Props) {
  const { entry, first, last } = row;
  const chat = useChat();
  const inGroup = conversationType(conversationId) === 'group';
  const { seq } = entry;
  const canRecall = seq !== undefined && !entry.recalled && (entry.own || mayRecallAll === true);
  return (
    <li
      class={`message ${entry.own ? 'own' : 'other'}${first ? ' first' : ''}${last ? ' last' : ''}`}
      data-testid="message"
      data-seq={seq}
      data-status={entry.recalled ? 'recalled' : entry.mark}
      // The arrow keys walk from message to message, and so to their buttons.
      tabIndex={reachable ? 0 : -1}
      onFocusCapture={onFocus}
    >
      {inGroup && !entry.own && (
        <span class="message-avatar">
          {last && <Avatar id={entry.senderId} name={entry.senderId} size="small" />}
        </span>
      )}
      <div class="message-column">
        {first && !entry.own && <p class={inGroup ? 'sender' : 'visually-hidden'}>{entry.senderId}</p>}
        {first && entry.own && <p class="visually-hidden">You</p>}
        <div class="message-line">
          <Bubble entry={entry} />
          {canRecall && (
            <button
              class="icon-button message-action"
              type="button"
              aria-label="Recall message"
              title="Recall message"
              tabIndex={reachable ? 0 : -1}
              onClick={(event) => {
                // The button will be gone: the focus stays with the message.
                event.currentTarget.closest('li')?.focus();
                void chat.reading.recall(conversationId, seq);
              }}
            >
              <RecallIcon />
            </button>
          )}
        </div>
        {entry.outgoing?.stage === 'failed' && <Failed entry={entry} />}
      </div>
    </li>
  );
}

function Bubble({ entry }: { entry: Entry }) {
  if (entry.recalled) {
    return (
      <div class="bubble recalled">
        <span class="bubble-text">Message recalled</span>
        <Meta entry={entry} />
      </div>
    );
  }
  if (entry.msgType === MSG_TYPE.image) {
    return (
      <div class="bubble picture">
        <Picture entry={entry} />
        <Meta entry={entry} />
      </div>
    );
  }
  return (
    <div class="bubble">
      <span class="bubble-text" dir="auto">
        <RichText text={entry.content} />
      </span>
      <Meta entry={entry} />
    </div>
  );
}

function Meta({ entry }: { entry: Entry }) {
  return (
    <span class="meta">
      <time dateTime={new Date(entry.time).toISOString()} title={wholeTime(entry.time)}>
        {timeOfDay(entry.time)}
      </time>
      {entry.mark && <StatusMark mark={entry.mark} />}
    </span>
  );
}

function Failed({ entry: { outgoing } }: { entry: Entry }) {
  const chat = useChat();
  if (!outgoing) return null;
  return (
    <p class="failure">
      <span role="alert">{outgoing.problem}</span>
      <button class="link-button" type="button" onClick={() => chat.sending.retry(outgoing)}>
        Retry
      </button>
      <button class="link-button" type="button" onClick={() => chat.sending.discard(outgoing)}>
        Discard
      </button>
    </p>
  );
}
