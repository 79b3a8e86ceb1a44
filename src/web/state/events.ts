import { CODES } from '../../protocol/codes.ts';
import type { MemberEvent } from '../../protocol/packets.ts';
import type { createGroups } from './groups.ts';
import { changeHeldTimeline, conversationOf, type Parts } from './parts.ts';
import type { createPeople } from './people.ts';
import type { createReading } from './reading.ts';
import { TokenError } from './session.ts';
import type { createStatuses } from './statuses.ts';
import { withRecall, withReceipt } from './timeline.ts';

export interface Listeners {
  reading: ReturnType<typeof createReading>;
  people: ReturnType<typeof createPeople>;
  groups: ReturnType<typeof createGroups>;
  statuses: ReturnType<typeof createStatuses>;
}

/** Takes what the client tells into the page's state. Gives back how to stop. */
export function listen(parts: Parts, { reading, people, groups, statuses }: Listeners): () => void {
  const { client, store } = parts;
  const unsubscribes = [
    client.on('state', ({ state, reason, retryAt }) => {
      const wasOnline = store.get().connection.wasOnline || state === 'online';
      store.set({ connection: { state, reason, retryAt, wasOnline } });
    }),
    client.on('conversations', (conversations) => store.set({ conversations, listed: true })),
    client.on('message', (message) => {
      reading.arrived(message);
      people.showTyping(message.conversation_id, message.sender_id, false);
    }),
    client.on('receipt', ({ conversation_id: id, user_id, ack_seq: ack, read_seq: read }) => {
      changeHeldTimeline(parts, id, (timeline) => withReceipt(timeline, user_id, { ack, read }));
      if (conversationOf(store.get(), id)?.type === 'group') statuses.receipt(id);
    }),
    client.on('recall', ({ conversation_id: id, seq }) =>
      changeHeldTimeline(parts, id, (timeline) => withRecall(timeline, seq)),
    ),
    client.on('typing', (event) => people.showTyping(event.conversation_id, event.user_id, event.typing)),
    client.on('presence', (presence) => people.showPresence([presence])),
    client.on('member', (event) => memberChanged(parts, { reading, groups }, event)),
    client.on('closed', (ended) => store.set({ ended })),
    client.on('error', (error) => {
      // The client would try again for ever; a server that gives no tokens to anyone will not begin to.
      if (!(error instanceof TokenError)) return;
      store.set({ ended: { code: CODES.unauthenticated.code, reason: error.message } });
      void client.close();
    }),
    store.subscribe(people.watchShown),
  ];
  return () => {
    for (const unsubscribe of unsubscribes) unsubscribe();
  };
}

function memberChanged(
  { store, userId, notify }: Parts,
  { reading, groups }: Pick<Listeners, 'reading' | 'groups'>,
  event: MemberEvent,
): void {
  const { conversation_id: id, change } = event;
  const isMe = event.user_id === userId;
  const gone = change === 'dissolved' || (isMe && (change === 'left' || change === 'removed'));
  if (!gone) {
    groups.groupChanged(event);
    return;
  }
  const name = store.get().groups[id]?.group.name ?? conversationOf(store.get(), id)?.name ?? 'The group';
  groups.forgetGroup(id);
  reading.forget(id);
  if (store.get().openId === id) store.set({ openId: null, dialog: null });
  if (change === 'dissolved') notify(`“${name}” was dissolved.`);
  if (change === 'removed') notify(`You were removed from “${name}”.`);
}
