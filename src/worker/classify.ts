import type { ChatEvent } from '../ports/log-events.ts';
import { contentDigest } from '../ports/message-view.ts';
import type { StoredMessage } from '../ports/messages.ts';
import type { Timeline } from '../ports/timeline.ts';
import { conversationType, directMembers, isMsgId, isUserId } from '../protocol/ids.ts';

/** What is to be done with the messages of a batch; each list keeps the log's order. */
export interface Classified {
  /** Never seen: to be stored. */
  fresh: ChatEvent[];
  /** Stored already. */
  again: Again[];
  /** The same as an earlier one of `fresh`, to be treated like `again` once that is stored. */
  echoes: ChatEvent[];
  refused: RefusedChat[];
}

export interface Again {
  event: ChatEvent;
  stored: StoredMessage;
  /** The client sent it again, as opposed to the log handing out the same event again. */
  resend: boolean;
}

export interface RefusedChat {
  event: ChatEvent;
  error: 'conflict' | 'forbidden';
  detail: string;
}

/** Sorts a batch: what is stored already, what its sender may not send, and what is new. */
export async function classify(timeline: Timeline, events: ChatEvent[]): Promise<Classified> {
  const result: Classified = { fresh: [], again: [], echoes: [], refused: [] };
  if (events.length === 0) return result;
  const storedByKey = new Map((await timeline.findStored(events)).map((stored) => [keyOf(stored), stored]));
  const freshByKey = new Map<string, ChatEvent>();
  const candidates: ChatEvent[] = [];
  for (const event of events) {
    const key = keyOf(event);
    const stored = storedByKey.get(key);
    const first = freshByKey.get(key);
    if (stored) {
      if (isSame(event, stored)) result.again.push({ event, stored, resend: isResend(event, stored) });
      else result.refused.push(conflict(event));
    } else if (!first) {
      freshByKey.set(key, event);
      candidates.push(event);
    } else if (isSame(event, first)) result.echoes.push(event);
    else result.refused.push(conflict(event));
  }
  await refuseOutsiders(timeline, candidates, result);
  return result;
}

/** Moves to `refused` what its sender may not send any more, with its echoes; the rest is fresh. */
async function refuseOutsiders(
  timeline: Timeline,
  candidates: ChatEvent[],
  result: Classified,
): Promise<void> {
  const pairs = new Map<string, { group_id: string; user_id: string }>();
  for (const { conversation_id, sender_id } of candidates) {
    if (conversationType(conversation_id) !== 'group') continue;
    pairs.set(`${conversation_id} ${sender_id}`, { group_id: conversation_id, user_id: sender_id });
  }
  const members = pairs.size > 0 ? await timeline.membersAmong([...pairs.values()]) : [];
  const mutedUntil = new Map(members.map((m) => [`${m.group_id} ${m.user_id}`, m.muted_until ?? 0]));
  const outside = new Map<string, string>();
  for (const event of candidates) {
    const detail = standingFault(event, mutedUntil);
    if (detail === undefined) result.fresh.push(event);
    else {
      outside.set(keyOf(event), detail);
      result.refused.push({ event, error: 'forbidden', detail });
    }
  }
  if (outside.size === 0) return;
  result.echoes = result.echoes.filter((event) => {
    const detail = outside.get(keyOf(event));
    if (detail !== undefined) result.refused.push({ event, error: 'forbidden', detail });
    return detail === undefined;
  });
}

function standingFault(event: ChatEvent, mutedUntil: Map<string, number>): string | undefined {
  const direct = directMembers(event.conversation_id);
  if (direct) return direct.includes(event.sender_id) ? undefined : 'The sender is not one of the two.';
  const until = mutedUntil.get(`${event.conversation_id} ${event.sender_id}`);
  if (until === undefined) return 'The sender is not a member of the group.';
  return until > event.send_time ? 'The sender is muted in the group.' : undefined;
}

/** The form of an event that this worker can carry out. */
export function isChatEvent(event: { v?: unknown } & Partial<ChatEvent>): event is ChatEvent {
  return (
    isUserId(event.sender_id) &&
    isMsgId(event.msg_id) &&
    typeof event.conversation_id === 'string' &&
    conversationType(event.conversation_id) !== undefined &&
    typeof event.content === 'string' &&
    (event.msg_type === 1 || event.msg_type === 2) &&
    Number.isSafeInteger(event.send_time)
  );
}

export function keyOf(key: { sender_id: string; msg_id: string }): string {
  return `${key.sender_id} ${key.msg_id}`;
}

/** The event that was stored has the time that was stored, however often it is handed out. */
function isResend(event: ChatEvent, stored: StoredMessage): boolean {
  return event.send_time !== stored.send_time;
}

function isSame(event: ChatEvent, first: ChatEvent | StoredMessage): boolean {
  if (event.conversation_id !== first.conversation_id || event.msg_type !== first.msg_type) return false;
  if ('content_digest' in first && first.content_digest !== null) {
    return contentDigest(event) === first.content_digest;
  }
  return event.content === first.content;
}

function conflict(event: ChatEvent): RefusedChat {
  return { event, error: 'conflict', detail: 'The sender used this msg_id for another message.' };
}
