import type { SeqlineClient } from '../../sdk/types.ts';
import { type DialogName, initialState } from './chat-state.ts';
import { listen } from './events.ts';
import { createGroups } from './groups.ts';
import { createNotices } from './notices.ts';
import type { Outbox } from './outbox.ts';
import type { Parts } from './parts.ts';
import { createPeople } from './people.ts';
import { createReading } from './reading.ts';
import { createSending } from './sending.ts';
import { createStatuses } from './statuses.ts';
import { createStore } from './store.ts';

export type Chat = ReturnType<typeof createChat>;

/** The page's own state of a signed-in user: what the client tells goes in, what the user does goes out. */
export function createChat(client: SeqlineClient, userId: string, outbox: Outbox) {
  const store = createStore(initialState(userId));
  const notices = createNotices(store);
  const parts: Parts = { client, store, userId, notify: notices.notify };
  const reading = createReading(parts);
  const sending = createSending(parts, outbox);
  const people = createPeople(parts);
  const groups = createGroups(parts);
  const statuses = createStatuses(parts);
  const stopListening = listen(parts, { reading, people, groups, statuses });
  sending.resume();

  /** Ends the client; nothing of this chat is used afterwards. */
  function dispose(): void {
    stopListening();
    notices.dispose();
    people.dispose();
    statuses.dispose();
    sending.dispose();
    void client.close();
  }

  return {
    store,
    reading,
    sending,
    groups,
    notify: notices.notify,
    dismissNotice: notices.dismissNotice,
    typed: people.typed,
    reconnectNow: () => client.reconnectNow(),
    showDialog: (dialog: DialogName | null) => store.set({ dialog }),
    /** What stands in the composer of each conversation. */
    drafts: new Map<string, string>(),
    dispose,
  };
}
