import type { MemberCursor } from '../ports/cursors.ts';
import type { CursorEvent, InboxCursorEvent } from '../ports/log-events.ts';
import { reached } from '../ports/message-view.ts';
import { Outgoing } from '../ports/outgoing.ts';
import { eventFrame } from '../protocol/frames.ts';
import { directMembers, isDirect } from '../protocol/ids.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { WorkerDeps } from './deps.ts';

type Receipt = CursorEvent | InboxCursorEvent;

/** Stores the cursors of a batch, each once however often it moved, tells who is concerned, and answers who waits. */
export async function processReceipts(deps: WorkerDeps, events: Receipt[], guard: () => void): Promise<void> {
  const cursors = coalesceCursors(events.filter((event) => event.kind === 'cursor'));
  const inboxes = coalesceInboxes(events.filter((event) => event.kind === 'inbox_cursor'));
  guard();
  if (inboxes.length > 0) {
    await deps.timeline.advanceInboxCursors(inboxes.map((inbox) => ({ ...inbox, time: deps.now() })));
  }
  const moved = cursors.length > 0 ? await deps.timeline.advanceCursors(cursors) : [];
  guard();
  const outgoing = new Outgoing();
  await tellMoves(deps, outgoing, moved, new Map(cursors.map((c) => [keyOf(c), c.session_id])));
  for (const { reply_id, gateway_id } of events) {
    if (reply_id !== undefined) outgoing.gateway(gateway_id, { to: 'reply', reply_id });
  }
  await outgoing.flush(deps.registry, deps.bus);
}

/** The other sessions of the user and, unless the group is large, those of the other members. */
async function tellMoves(
  deps: WorkerDeps,
  outgoing: Outgoing,
  moved: MemberCursor[],
  sessionOf: Map<string, string | undefined>,
): Promise<void> {
  const groups = [...new Set(moved.map((m) => m.conversation_id).filter((id) => !isDirect(id)))];
  const small = new Set<string>();
  if (groups.length > 0) {
    for (const cursor of await deps.timeline.memberCursors(groups, LIMITS.smallGroupMembers)) {
      small.add(cursor.conversation_id);
    }
  }
  for (const cursor of moved) {
    const { conversation_id, user_id } = cursor;
    const { ack, read } = reached(cursor);
    const frame = eventFrame({ type: 'receipt', conversation_id, user_id, ack_seq: ack, read_seq: read });
    const except_session = sessionOf.get(keyOf(cursor));
    const direct = directMembers(conversation_id);
    if (direct) outgoing.users([...new Set(direct)], { frame, except_session });
    else if (small.has(conversation_id)) outgoing.group(conversation_id, { frame, except_session });
    else outgoing.users([user_id], { frame, except_session });
  }
}

interface CoalescedCursor {
  user_id: string;
  conversation_id: string;
  ack_seq: number;
  read_seq: number;
  /** Whose move it is, to leave that session out of the receipts; undefined where several sessions moved it. */
  session_id: string | undefined;
}

function coalesceCursors(events: CursorEvent[]): CoalescedCursor[] {
  const byKey = new Map<string, CoalescedCursor>();
  for (const event of events) {
    const known = byKey.get(keyOf(event));
    if (!known) {
      const { user_id, conversation_id, ack_seq, read_seq, session_id } = event;
      byKey.set(keyOf(event), { user_id, conversation_id, ack_seq, read_seq, session_id });
      continue;
    }
    known.ack_seq = Math.max(known.ack_seq, event.ack_seq);
    known.read_seq = Math.max(known.read_seq, event.read_seq);
    if (known.session_id !== event.session_id) known.session_id = undefined;
  }
  return [...byKey.values()];
}

/** The newest epoch that was named wins; within it the highest place. */
function coalesceInboxes(events: InboxCursorEvent[]): { user_id: string; epoch: string; seq: number }[] {
  const byUser = new Map<string, { user_id: string; epoch: string; seq: number }>();
  for (const { user_id, epoch, seq } of events) {
    const known = byUser.get(user_id);
    if (known && known.epoch === epoch) known.seq = Math.max(known.seq, seq);
    else byUser.set(user_id, { user_id, epoch, seq });
  }
  return [...byUser.values()];
}

function keyOf(key: { user_id: string; conversation_id: string }): string {
  return `${key.user_id} ${key.conversation_id}`;
}
