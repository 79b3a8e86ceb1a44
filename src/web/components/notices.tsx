import { useChat, useSelected } from '../view/context.ts';
import { CloseIcon } from './icons.tsx';

/** The element is always there: a screen reader only tells what is added to one that it knows. */
export function Notices() {
  const chat = useChat();
  const notices = useSelected((state) => state.notices);
  return (
    <div class="notices" role="status">
      {notices.map(({ id, text }) => (
        <p class="notice" key={id}>
          <span>{text}</span>
          <button
            class="icon-button"
            type="button"
            aria-label="Dismiss"
            onClick={() => chat.dismissNotice(id)}
          >
            <CloseIcon />
          </button>
        </p>
      ))}
    </div>
  );
}
