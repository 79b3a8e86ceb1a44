import { createContext } from 'preact';
import { useContext, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Chat } from '../state/chat.ts';
import type { ChatState } from '../state/chat-state.ts';

export const ChatContext = createContext<Chat | undefined>(undefined);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('This component belongs inside a ChatContext.');
  return chat;
}

/** A part of the state; the component is drawn again where that part is another than before. */
export function useSelected<T>(select: (state: ChatState) => T): T {
  const { store } = useChat();
  const [, draw] = useState(0);
  const value = select(store.get());
  const latest = useRef({ select, value });
  latest.current = { select, value };
  useLayoutEffect(() => {
    const check = () => {
      const { select: now, value: drawn } = latest.current;
      if (!Object.is(now(store.get()), drawn)) draw((count) => count + 1);
    };
    // Between the drawing and this effect the state may have changed.
    check();
    return store.subscribe(check);
  }, [store]);
  return value;
}
