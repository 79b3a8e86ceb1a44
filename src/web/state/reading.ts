import type { Message } from '../../protocol/message.ts';
import { explain } from './explain.ts';
import { createHistory } from './history.ts';
import { changeHeldTimeline, changeTimeline, conversationOf, type Parts } from './parts.ts';
import { without } from './store.ts';
import { trimmed, withMessages } from './timeline.ts';

/** Messages that stay in memory of a conversation that is not open. */
const KEPT_WHEN_CLOSED = 100;

/** Opening conversations, what comes in, and telling what was read. */
export function createReading(parts: Parts) {
  const { client, store, userId } = parts;
  const { loadNewest, loadOlder } = createHistory(parts);
  const markedRead = new Map<string, number>();

  function open(id: string | null): void {
    const { openId, timelines } = store.get();
    if (id === openId) return;
    store.set({ openId: id });
    if (openId) changeHeldTimeline(parts, openId, (timeline) => trimmed(timeline, KEPT_WHEN_CLOSED));
    if (!id) return;
    const conversation = conversationOf(store.get(), id);
    const unreadAfter = conversation && conversation.unread > 0 ? conversation.read_seq : null;
    changeTimeline(parts, id, (timeline) => ({ ...timeline, unreadAfter }));
    if (timelines[id]?.phase !== 'ready') void loadNewest(id);
  }

  /** The user has seen everything up to `seq`. */
  function seen(id: string, seq: number): void {
    const conversation = conversationOf(store.get(), id);
    const known = Math.max(markedRead.get(id) ?? 0, conversation?.read_seq ?? 0);
    if (!conversation || seq <= known) return;
    markedRead.set(id, seq);
    // Where it fails, the next message that is seen tells it again.
    client.markRead(id, seq).catch(() => markedRead.delete(id));
  }

  async function recall(id: string, seq: number): Promise<void> {
    try {
      await client.recall(id, seq);
    } catch (error) {
      parts.notify(explain(error, { forbidden: 'It is too late to recall this message.' }));
    }
  }

  /** A message that came by itself: kept where this page holds the conversation. */
  function arrived(message: Message): void {
    const id = message.conversation_id;
    const isOpen = store.get().openId === id;
    changeHeldTimeline(parts, id, (timeline) => {
      const more = withMessages(timeline, [message], userId);
      return isOpen ? more : trimmed(more, KEPT_WHEN_CLOSED);
    });
  }

  /** The conversation is no longer this user's. */
  function forget(id: string): void {
    markedRead.delete(id);
    store.set({ timelines: without(store.get().timelines, id) });
  }

  return { open, loadNewest, loadOlder, seen, recall, arrived, forget };
}
