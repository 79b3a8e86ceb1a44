import { STATUS } from '../../protocol/message.ts';
import { changeHeldTimeline, type Parts } from './parts.ts';
import { type Timeline, withMessages } from './timeline.ts';

/** A group's receipts come in bursts; its statuses are asked for at most this often. */
const REFRESH_MS = 1500;
const PAGE = 50;

/**
 * Whether all of a group have read a message depends on who was a member when; the server knows. So where a receipt
 * may have changed that, the page asks again for the statuses of its own newest messages.
 */
export function createStatuses(parts: Parts) {
  const { client, store, userId } = parts;
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();

  function receipt(id: string): void {
    if (waiting.has(id) || firstUnread(store.get().timelines[id], userId) === undefined) return;
    waiting.set(
      id,
      setTimeout(() => void refresh(id), REFRESH_MS),
    );
  }

  async function refresh(id: string): Promise<void> {
    waiting.delete(id);
    const first = firstUnread(store.get().timelines[id], userId);
    if (first === undefined) return;
    // A failed refresh leaves older marks in place; the next receipt asks again.
    const page = await client.history(id, { afterSeq: first - 1, limit: PAGE }).catch(() => undefined);
    if (page)
      changeHeldTimeline(parts, id, (timeline) =>
        withMessages(timeline, held(timeline, page.messages), userId),
      );
  }

  function dispose(): void {
    for (const timer of waiting.values()) clearTimeout(timer);
  }

  return { receipt, dispose };
}

function firstUnread(timeline: Timeline | undefined, userId: string): number | undefined {
  return timeline?.messages
    .slice(-PAGE)
    .find((message) => message.sender_id === userId && message.status !== STATUS.read)?.seq;
}

/** Only those that the page holds already: what follows comes by itself, in order. */
function held(timeline: Timeline, messages: Timeline['messages']): Timeline['messages'] {
  const known = new Set(timeline.messages.map(({ seq }) => seq));
  return messages.filter(({ seq }) => known.has(seq));
}
