import { useEffect, useState } from 'preact/hooks';
import { conversationOfHash, HASH_OF_LIST, hashOfConversation } from '../state/route.ts';
import { useChat, useSelected } from './context.ts';

/** The address names the open conversation: it can be linked to, and the browser's buttons work. */
export function useRoute(): void {
  const chat = useChat();

  useEffect(() => {
    const follow = () => {
      chat.showDialog(null);
      chat.reading.open(conversationOfHash(location.hash));
    };
    follow();
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, [chat]);

  useEffect(() => {
    let before = chat.store.get().openId;
    return chat.store.subscribe(() => {
      const { openId } = chat.store.get();
      // Taken away while it was open, for example because this user was removed from the group.
      const takenAway = before !== null && openId === null && conversationOfHash(location.hash) === before;
      before = openId;
      if (takenAway) history.replaceState(null, '', HASH_OF_LIST);
    });
  }, [chat]);
}

export function navigate(conversationId: string | null): void {
  location.hash = conversationId === null ? HASH_OF_LIST : hashOfConversation(conversationId);
}

/**
 * Connects at once where there is reason to think that the network is back. A socket from before it went away may look
 * alive for a while and is not waited for.
 */
export function useReconnect(): void {
  const chat = useChat();
  useEffect(() => {
    const appeared = () => {
      const waiting = chat.store.get().connection.state === 'waiting';
      if (waiting && document.visibilityState === 'visible') chat.reconnectNow();
    };
    addEventListener('online', chat.reconnectNow);
    document.addEventListener('visibilitychange', appeared);
    return () => {
      removeEventListener('online', chat.reconnectNow);
      document.removeEventListener('visibilitychange', appeared);
    };
  }, [chat]);
}

/** The number of unread messages in the window's title. */
export function useTitle(): void {
  const unread = useSelected((state) => state.conversations.reduce((sum, { unread }) => sum + unread, 0));
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Seqline` : 'Seqline';
  }, [unread]);
}

/** Whether the user looks at this page. */
export function useAttention(): boolean {
  const look = () => document.visibilityState === 'visible' && document.hasFocus();
  const [attentive, setAttentive] = useState(look);
  useEffect(() => {
    const update = () => setAttentive(look());
    const names = ['focus', 'blur', 'visibilitychange'];
    for (const name of names) addEventListener(name, update, true);
    return () => {
      for (const name of names) removeEventListener(name, update, true);
    };
  }, []);
  return attentive;
}

/** The time, in milliseconds since 1970, brought up to date this often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
