import type { Inbox } from '../ports/inbox.ts';
import { byConversation, STATUS_MEMBERS_MAX, statusOf, toMessage } from '../ports/message-view.ts';
import type { StoredMessage } from '../ports/messages.ts';
import type { Outgoing } from '../ports/outgoing.ts';
import type { Route } from '../ports/registry.ts';
import type { Timeline } from '../ports/timeline.ts';
import { CODES } from '../protocol/codes.ts';
import { eventFrame, inboxFrames, messageFrame } from '../protocol/frames.ts';
import { directMembers, isDirect } from '../protocol/ids.ts';
import { type MessageStatus, STATUS } from '../protocol/message.ts';
import type { Again, RefusedChat } from './classify.ts';

/** The number of each direct message in the inbox of each of its members. */
export type InboxSeqs = Map<StoredMessage, [userId: string, inboxSeq: number][]>;

/** Where in a trace a message is being handled; undefined where it is not sampled. */
export type TraceOf = (message: StoredMessage) => string | undefined;

export interface InInboxes {
  seqs: InboxSeqs;
  /** Where each member of the direct conversations is. */
  routes: Map<string, Route[]>;
}

/** A copy of each direct message for each of its members; a message may be there twice, as one that was sent twice is. */
export async function appendToInboxes(inbox: Inbox, messages: StoredMessage[]): Promise<InInboxes> {
  const entries: { userId: string; message: StoredMessage }[] = [];
  for (const message of new Set(messages)) {
    for (const userId of receivers(message)) entries.push({ userId, message });
  }
  const result: InboxSeqs = new Map();
  if (entries.length === 0) return { seqs: result, routes: new Map() };
  const { seqs, routes } = await inbox.append(entries);
  entries.forEach(({ userId, message }, i) => {
    const ofMessage = result.get(message);
    if (ofMessage) ofMessage.push([userId, seqs[i]!]);
    else result.set(message, [[userId, seqs[i]!]]);
  });
  return { seqs: result, routes };
}

/** The members of a direct conversation, each once; none for a group. */
function receivers(message: StoredMessage): string[] {
  const members = directMembers(message.conversation_id);
  if (!members) return [];
  return members[0] === members[1] ? [members[0]] : members;
}

/**
 * Stored messages go to every session of every member; one that its client sent again goes to that session alone; a
 * refusal goes to the sender's sessions.
 */
export async function pushMessages(
  timeline: Timeline,
  outgoing: Outgoing,
  stored: StoredMessage[],
  again: Again[],
  inboxSeqs: InboxSeqs,
  refused: RefusedChat[],
  traceOf: TraceOf,
): Promise<void> {
  const lonely = await lonelyGroups(timeline, stored);
  for (const message of stored) {
    const status = lonely.has(message.conversation_id) ? STATUS.read : STATUS.sent;
    pushToAll(outgoing, message, status, inboxSeqs, traceOf(message));
  }
  const cursors = byConversation(
    again.length > 0
      ? await timeline.memberCursors(
          [...new Set(again.map((a) => a.stored.conversation_id))],
          STATUS_MEMBERS_MAX,
        )
      : [],
  );
  for (const { event, stored: message, resend } of again) {
    const type = isDirect(message.conversation_id) ? 'direct' : 'group';
    const status = statusOf(message, type, cursors.get(message.conversation_id));
    if (!resend) {
      pushToAll(outgoing, message, status, inboxSeqs, traceOf(message));
      continue;
    }
    const ofSender = inboxSeqs.get(message)?.find(([userId]) => userId === event.sender_id);
    const view = toMessage(message, status, ofSender?.[1]);
    outgoing.gateway(event.gateway_id, {
      to: 'session',
      session_id: event.session_id,
      frame: messageFrame(view),
    });
  }
  for (const { event, error } of refused) {
    const { msg_id, conversation_id } = event;
    const frame = eventFrame({ type: 'rejected', msg_id, conversation_id, code: CODES[error].code, error });
    outgoing.gateway(event.gateway_id, { to: 'forget', sender_id: event.sender_id, msg_id });
    outgoing.users([event.sender_id], { frame });
  }
}

/**
 * For after the push to a group. Its gateways may have heard earlier that the sender was removed, which happened after
 * the message was stored; the sender would then never learn what became of a message that was answered. Redis carries
 * out one publication after the other, so whoever was removed before the push is seen to be no member now.
 */
export async function pushToFormerMembers(
  timeline: Timeline,
  outgoing: Outgoing,
  messages: StoredMessage[],
): Promise<void> {
  const ofGroups = messages.filter(({ conversation_id }) => !isDirect(conversation_id));
  const senders = new Map(ofGroups.map((message) => [senderKey(message), message]));
  if (senders.size === 0) return;
  const pairs = [...senders.values()].map((message) => ({
    group_id: message.conversation_id,
    user_id: message.sender_id,
  }));
  for (const { group_id, user_id } of await timeline.membersAmong(pairs)) {
    senders.delete(senderKey({ conversation_id: group_id, sender_id: user_id }));
  }
  for (const message of ofGroups) {
    if (!senders.has(senderKey(message))) continue;
    outgoing.users([message.sender_id], { frame: messageFrame(toMessage(message, STATUS.sent)) });
  }
}

function senderKey({
  conversation_id,
  sender_id,
}: Pick<StoredMessage, 'conversation_id' | 'sender_id'>): string {
  return `${conversation_id} ${sender_id}`;
}

function pushToAll(
  outgoing: Outgoing,
  message: StoredMessage,
  status: MessageStatus,
  inboxSeqs: InboxSeqs,
  trace: string | undefined,
): void {
  const accepted_at = message.send_time;
  const ofUsers = inboxSeqs.get(message);
  if (!ofUsers) {
    const frame = messageFrame(toMessage(message, status));
    outgoing.group(message.conversation_id, { frame, accepted_at, trace });
    return;
  }
  const frameOf = inboxFrames(toMessage(message, ofUsers.length === 1 ? STATUS.read : status));
  for (const [userId, inboxSeq] of ofUsers) {
    outgoing.users([userId], { frame: frameOf(inboxSeq), accepted_at, trace });
  }
}

/** Groups of these messages in which the sender is alone: nobody is left to read, so the status is read at once. */
async function lonelyGroups(timeline: Timeline, stored: StoredMessage[]): Promise<Set<string>> {
  const groups = new Set<string>();
  for (const message of stored) {
    if (!isDirect(message.conversation_id)) groups.add(message.conversation_id);
  }
  if (groups.size === 0) return groups;
  return new Set((await timeline.memberCursors([...groups], 1)).map((cursor) => cursor.conversation_id));
}
