import type { GroupMember } from '../ports/groups.ts';
import type { ChatEvent } from '../ports/log-events.ts';
import { contentDigest } from '../ports/message-view.ts';
import type { StoredMessage } from '../ports/messages.ts';
import { maySend } from '../ports/standing.ts';
import type { Timeline } from '../ports/timeline.ts';
import { conversationType, directMembers, isDirect, isMsgId, isUserId } from '../protocol/ids.ts';

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

/**
 * Sorts a batch: what is stored already, what its sender may not send, and what is new. Members are read before what is
 * stored: then what is refused cannot have been stored by a worker that has lost the partition and came in between, and
 * cannot be later, since storing looks at the members again.
 */
export async function classify(timeline: Timeline, events: ChatEvent[]): Promise<Classified> {
  const result: Classified = { fresh: [], again: [], echoes: [], refused: [] };
  if (events.length === 0) return result;
  const members = await membersOf(timeline, events);
  const storedByKey = new Map((await timeline.findStored(events)).map((stored) => [keyOf(stored), stored]));
  const freshByKey = new Map<string, ChatEvent>();
  for (const event of events) {
    const key = keyOf(event);
    const stored = storedByKey.get(key);
    const first = freshByKey.get(key);
    if (stored) {
      if (isSame(event, stored)) result.again.push({ event, stored, resend: isResend(event, stored) });
      else result.refused.push(conflict(event));
    } else if (first) {
      if (isSame(event, first)) result.echoes.push(event);
      else result.refused.push(conflict(event));
    } else {
      const detail = standingFault(event, members);
      if (detail !== undefined) result.refused.push({ event, error: 'forbidden', detail });
      else {
        freshByKey.set(key, event);
        result.fresh.push(event);
      }
    }
  }
  return result;
}

/** By group and user: those senders of the batch that are members of the groups that they send to. */
async function membersOf(timeline: Timeline, events: ChatEvent[]): Promise<Map<string, GroupMember>> {
  const pairs = new Map<string, { group_id: string; user_id: string }>();
  for (const { conversation_id, sender_id } of events) {
    if (isDirect(conversation_id)) continue;
    pairs.set(`${conversation_id} ${sender_id}`, { group_id: conversation_id, user_id: sender_id });
  }
  const members = pairs.size > 0 ? await timeline.membersAmong([...pairs.values()]) : [];
  return new Map(members.map((member) => [`${member.group_id} ${member.user_id}`, member]));
}

function standingFault(event: ChatEvent, members: Map<string, GroupMember>): string | undefined {
  const direct = directMembers(event.conversation_id);
  if (direct) return direct.includes(event.sender_id) ? undefined : 'The sender is not one of the two.';
  const member = members.get(`${event.conversation_id} ${event.sender_id}`);
  if (maySend(member, event.send_time)) return undefined;
  return member ? 'The sender is muted in the group.' : 'The sender is not a member of the group.';
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
