import type { ChatState } from './chat-state.ts';
import type { Store } from './store.ts';

const NOTICE_MS = 6000;
/** Older ones give way. */
const NOTICES_MAX = 3;

/** Short sentences that are shown for a while. */
export function createNotices(store: Store<ChatState>) {
  let last = 0;
  const timers = new Set<ReturnType<typeof setTimeout>>();

  function dismissNotice(id: number): void {
    store.set({ notices: store.get().notices.filter((notice) => notice.id !== id) });
  }

  function notify(text: string): void {
    const id = ++last;
    store.set({ notices: [...store.get().notices, { id, text }].slice(-NOTICES_MAX) });
    timers.add(setTimeout(() => dismissNotice(id), NOTICE_MS));
  }

  function dispose(): void {
    for (const timer of timers) clearTimeout(timer);
  }

  return { notify, dismissNotice, dispose };
}
