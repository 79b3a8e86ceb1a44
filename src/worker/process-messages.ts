import { StoreConflict } from '../ports/errors.ts';
import type { ChatEvent } from '../ports/log-events.ts';
import type { ClaimSeqs, NewMessage, StoredMessage } from '../ports/messages.ts';
import { Outgoing } from '../ports/outgoing.ts';
import type { WorkerStage } from '../telemetry/metrics.ts';
import { createClaimSeqs } from './claim-seqs.ts';
import { type Again, type Classified, classify, keyOf } from './classify.ts';
import { buryRefused } from './dead-letters.ts';
import { appendToInboxes, pushMessages, pushToFormerMembers, type TraceOf } from './deliver.ts';
import type { WorkerDeps } from './deps.ts';

/** How often a batch starts over because what was read is no longer true: another worker stored one of its messages, say. */
const CONFLICTS_MAX = 5;

/**
 * The way of messages through a worker: drop what is stored already, take numbers, store, write inboxes, push. Every
 * step may be done twice. `guard` throws where the partition moved to another worker.
 */
export async function processMessages(
  deps: WorkerDeps,
  events: ChatEvent[],
  guard: () => void,
): Promise<void> {
  if (events.length === 0) return;
  const { classified, stored } = await storeFresh(deps, events, guard);
  const again = [...classified.again, ...echoesOf(classified, stored)];

  guard();
  const inboxes = await timed(deps, 'inbox', () =>
    appendToInboxes(deps.inbox, [...stored, ...again.map((a) => a.stored)]),
  );

  guard();
  await buryRefused(deps, classified.refused);
  await timed(deps, 'push', async () => {
    const outgoing = new Outgoing();
    const traceOf = tracesOf(deps, events);
    await pushMessages(deps.timeline, outgoing, stored, again, inboxes.seqs, classified.refused, traceOf);
    await outgoing.flush(deps.registry, deps.bus, inboxes.routes);
    const toFormer = new Outgoing();
    const redelivered = again.filter(({ resend }) => !resend).map((a) => a.stored);
    await pushToFormerMembers(deps.timeline, toFormer, [...stored, ...redelivered]);
    await toFormer.flush(deps.registry, deps.bus);
  });
  deps.metrics.messages.inc({ outcome: 'stored' }, stored.length);
  deps.metrics.messages.inc({ outcome: 'duplicate' }, again.length);
  deps.metrics.messages.inc({ outcome: 'rejected' }, classified.refused.length);
}

/** Classifies and stores, starting over where what was read is no longer true. */
async function storeFresh(
  deps: WorkerDeps,
  events: ChatEvent[],
  guard: () => void,
): Promise<{ classified: Classified; stored: StoredMessage[] }> {
  for (let attempt = 1; ; attempt++) {
    guard();
    const classified = await timed(deps, 'dedup', () => classify(deps.timeline, events));
    if (classified.fresh.length === 0) return { classified, stored: [] };
    guard();
    try {
      const claim = timedClaim(deps);
      const stored = await timed(deps, 'store', () =>
        deps.timeline.store(classified.fresh.map(toNew), claim),
      );
      return { classified, stored };
    } catch (error) {
      if (!(error instanceof StoreConflict) || attempt >= CONFLICTS_MAX) throw error;
      deps.metrics.retries.inc({ stage: 'store' });
    }
  }
}

function timedClaim(deps: WorkerDeps): ClaimSeqs {
  const claim = createClaimSeqs(deps.sequencer, (count) => deps.metrics.reseeds.inc(count));
  return (claims) => timed(deps, 'sequence', () => claim(claims));
}

function toNew(event: ChatEvent): NewMessage {
  return {
    conversation_id: event.conversation_id,
    msg_id: event.msg_id,
    sender_id: event.sender_id,
    msg_type: event.msg_type,
    content: event.content,
    send_time: event.send_time,
    client_time: event.client_time ?? null,
  };
}

/** Where in a trace each message is being handled; nothing where none is. */
function tracesOf({ tracing }: WorkerDeps, events: ChatEvent[]): TraceOf {
  if (!tracing) return () => undefined;
  const places = new Map<string, string>();
  for (const event of events) {
    const place = tracing.placeOf(event);
    if (place !== undefined) places.set(keyOf(event), place);
  }
  return (message) => places.get(keyOf(message));
}

function echoesOf(classified: Classified, stored: StoredMessage[]): Again[] {
  if (classified.echoes.length === 0) return [];
  const byKey = new Map(stored.map((message) => [keyOf(message), message]));
  return classified.echoes.map((event) => ({ event, stored: byKey.get(keyOf(event))!, resend: true }));
}

async function timed<T>(deps: WorkerDeps, stage: WorkerStage, work: () => Promise<T>): Promise<T> {
  const end = deps.metrics.stageSeconds.startTimer({ stage });
  try {
    return await work();
  } finally {
    end();
  }
}
