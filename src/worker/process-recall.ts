import type { RecallEvent } from '../ports/log-events.ts';
import { contentDigest } from '../ports/message-view.ts';
import { Outgoing } from '../ports/outgoing.ts';
import { eventFrame } from '../protocol/frames.ts';
import { directMembers } from '../protocol/ids.ts';
import type { WorkerDeps } from './deps.ts';

/** Withdraws a message, tells every member, and then the gateway whose client waits for it. */
export async function processRecall(deps: WorkerDeps, event: RecallEvent, guard: () => void): Promise<void> {
  const { conversation_id, seq, by } = event;
  guard();
  await deps.timeline.recall(conversation_id, seq, event.time, contentDigest);
  guard();
  const outgoing = new Outgoing();
  const frame = eventFrame({ type: 'recall', conversation_id, seq, by });
  const direct = directMembers(conversation_id);
  if (direct) outgoing.users([...new Set(direct)], { frame });
  else outgoing.group(conversation_id, { frame });
  outgoing.gateway(event.gateway_id, { to: 'reply', reply_id: event.reply_id });
  await outgoing.flush(deps.registry, deps.bus);
}
