import type { Group } from '../ports/groups.ts';
import type { ConversationState, InboxState, PartitionPlace, RouteState } from '../ports/operations.ts';
import type { InboxHead } from '../protocol/packets.ts';
import { duration, printable, table, timestamp } from './table.ts';

/** What a command found, for people and for programs. */
export interface Report {
  text: string;
  json: unknown;
}

export const NOTHING_DONE = 'Nothing was done. To do it, add --yes.';

export function lagReport(places: PartitionPlace[]): Report {
  const titles = ['TOPIC', 'PARTITION', 'COMMITTED', 'END', 'LAG', 'AGE'];
  const rows = places.map(({ topic, partition, committed, end, lag, ageMs }) => [
    topic,
    partition,
    committed,
    end,
    lag,
    ageMs === null ? '–' : duration(ageMs),
  ]);
  return { text: `${table(titles, rows)}\n\n${lagSummary(places)}`, json: places };
}

function lagSummary(places: PartitionPlace[]): string {
  const behind = places.filter(({ lag }) => lag > 0);
  if (behind.length === 0) return 'No event waits.';
  const waiting = behind.reduce((sum, { lag }) => sum + lag, 0);
  const oldest = duration(Math.max(...behind.map(({ ageMs }) => ageMs ?? 0)));
  return `Events that wait: ${waiting}, in ${behind.length} of ${places.length} partitions; the oldest for ${oldest}.`;
}

export function routesReport(user: string, routes: RouteState[]): Report {
  if (routes.length === 0) return { text: `${user} is offline: no device has a route.`, json: routes };
  const titles = ['DEVICE', 'GATEWAY', 'SESSION', 'SINCE', 'LAPSES IN', 'GATEWAY SEEN'];
  const rows = routes.map((route) => [
    route.device_id,
    route.gateway_id,
    route.session_id,
    timestamp(route.since),
    duration(route.expires_at - route.now),
    route.gateway_seen_at === null ? 'never' : `${duration(route.now - route.gateway_seen_at)} ago`,
  ]);
  return { text: table(titles, rows), json: routes };
}

/** `after` where it was done. */
export function inboxReport(user: string, before: InboxState | undefined, after?: InboxHead): Report {
  const had = before
    ? `The inbox of ${user} has epoch ${before.epoch}, ${before.length} messages, the newest ${before.seq}.`
    : `${user} has no inbox.`;
  const outcome = after
    ? `It was dropped. The new epoch is ${after.epoch}: clients begin from their conversations.`
    : `It would be dropped and a new epoch begin: clients would begin from their conversations.\n${NOTHING_DONE}`;
  return {
    text: `${had}\n${outcome}`,
    json: { user_id: user, done: after !== undefined, before: before ?? null, after: after ?? null },
  };
}

export function conversationReport(state: ConversationState): Report {
  const { group, head_seq, cursors, messages } = state;
  const parts = [
    [
      state.conversation_id,
      ...(group ? [groupLine(group)] : []),
      `Head in MySQL: ${head_seq}. Counter in Redis: ${counterText(state)}`,
    ].join('\n'),
    cursors.length > 0 || !group
      ? table(
          ['MEMBER', 'JOINED AT', 'ACK', 'READ', 'OWN'],
          cursors.map(({ user_id, join_seq, ack_seq, read_seq, own_seq }) => [
            user_id,
            join_seq,
            ack_seq,
            read_seq,
            own_seq,
          ]),
        )
      : 'The group is too large to show its members.',
    table(
      ['SEQ', 'SENDER', 'TIME', 'TYPE', 'MSG ID', 'RECALLED'],
      messages.map(({ seq, sender_id, send_time, msg_type, msg_id, recalled_at }) => [
        seq,
        sender_id,
        timestamp(send_time),
        msg_type,
        msg_id,
        recalled_at === null ? '' : timestamp(recalled_at),
      ]),
    ) || 'No message yet.',
  ];
  return { text: parts.filter(Boolean).join('\n\n'), json: state };
}

function groupLine({ name, owner_id, member_count, history, created_at }: Group): string {
  const since = timestamp(created_at);
  return `Group "${printable(name)}" of ${owner_id}, ${member_count} members, history ${history}, since ${since}.`;
}

function counterText({ counter, head_seq }: ConversationState): string {
  if (counter === null) return 'not there; the next message takes it from MySQL.';
  if (counter === head_seq) return `${counter}, the same.`;
  const where = counter > head_seq ? 'ahead: a message is on its way, or' : 'behind:';
  return `${counter}, ${where} the next message sets it from MySQL.`;
}
