import { useEffect, useState } from 'preact/hooks';
import { createClient } from '../../sdk/index.ts';
import { type Chat, createChat } from '../state/chat.ts';
import { cursorStore } from '../state/cursor-store.ts';
import { createOutbox } from '../state/outbox.ts';
import { fetchToken, type Session } from '../state/session.ts';
import { ChatContext } from '../view/context.ts';
import { Shell } from './shell.tsx';

interface Props {
  session: Session;
  onSignOut(): void;
  /** Begins the same session anew. */
  onRestart(): void;
}

function startChat({ userId, deviceId }: Session): Chat {
  const client = createClient({
    url: location.origin,
    token: () => fetchToken(userId),
    deviceId,
    platform: 'web',
    store: cursorStore(sessionStorage, `seqline.${userId}.`),
  });
  const chat = createChat(client, userId, createOutbox(sessionStorage, userId));
  // Where the login is refused for good, the event `closed` tells it too, and the page shows that.
  client.connect().catch(() => undefined);
  return chat;
}

/** The chat of one session, from its login to its end. */
export function SignedIn({ session, onSignOut, onRestart }: Props) {
  const [chat, setChat] = useState<Chat>();

  useEffect(() => {
    const started = startChat(session);
    setChat(started);
    return () => started.dispose();
  }, [session]);

  if (!chat) return null;
  return (
    <ChatContext.Provider value={chat}>
      <Shell onSignOut={onSignOut} onRestart={onRestart} />
    </ChatContext.Provider>
  );
}
