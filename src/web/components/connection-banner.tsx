import { useChat, useSelected } from '../view/context.ts';
import { useNow } from '../view/use-environment.ts';

/** Stands above everything while there is no connection, and says when the next try is due. */
export function ConnectionBanner() {
  const chat = useChat();
  const { state, retryAt, wasOnline } = useSelected((all) => all.connection);
  const shown = state === 'waiting' || state === 'offline' || (state === 'connecting' && wasOnline);
  return (
    <div class="banner-place" role="status">
      {shown && (
        <div class="banner" data-testid="offline-banner">
          <span class="banner-dot" aria-hidden="true" />
          {wasOnline ? (
            <span>
              You are offline.<span class="wide-only"> Messages are sent when the connection is back.</span>
            </span>
          ) : (
            <span>Connecting…</span>
          )}
          {state === 'waiting' && (
            <>
              {retryAt !== undefined && <Countdown until={retryAt} />}
              <button class="link-button" type="button" onClick={chat.reconnectNow}>
                Try now
              </button>
            </>
          )}
        </div>
      )}
    </div>
  );
}

/** Hidden from screen readers: one that reads out every second helps nobody. */
function Countdown({ until }: { until: number }) {
  const now = useNow(250);
  const seconds = Math.max(0, Math.ceil((until - now) / 1000));
  return (
    <span class="countdown" aria-hidden="true">
      {seconds > 0 ? `Next try in ${seconds} s` : 'Trying…'}
    </span>
  );
}
