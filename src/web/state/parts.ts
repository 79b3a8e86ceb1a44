import type { ConversationState, SeqlineClient } from '../../sdk/types.ts';
import type { ChatState } from './chat-state.ts';
import type { Store } from './store.ts';
import { emptyTimeline, type Timeline } from './timeline.ts';

/** What the parts of the chat are made of. */
export interface Parts {
  userId: string;
  client: SeqlineClient;
  store: Store<ChatState>;
  /** Tells the user something in passing. */
  notify(text: string): void;
}

export function changeTimeline(parts: Parts, id: string, change: (timeline: Timeline) => Timeline): void {
  const { timelines } = parts.store.get();
  const before = timelines[id] ?? emptyTimeline();
  const after = change(before);
  if (after !== before) parts.store.set({ timelines: { ...timelines, [id]: after } });
}

/** As `changeTimeline`, but where this page holds nothing of the conversation, it goes on holding nothing. */
export function changeHeldTimeline(parts: Parts, id: string, change: (timeline: Timeline) => Timeline): void {
  if (parts.store.get().timelines[id]) changeTimeline(parts, id, change);
}

export function conversationOf(state: ChatState, id: string): ConversationState | undefined {
  return state.conversations.find((conversation) => conversation.conversation_id === id);
}
