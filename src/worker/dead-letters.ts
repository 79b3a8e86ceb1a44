import { type DeadLetter, type DeadLetterReason, EVENT_VERSION } from '../ports/log-events.ts';
import type { RefusedChat } from './classify.ts';
import type { WorkerDeps } from './deps.ts';

/** Keeps an event that cannot be carried out, with the reason. Resolves once it is durable. */
export async function bury(
  deps: WorkerDeps,
  key: string,
  event: unknown,
  reason: DeadLetterReason,
  detail: string,
): Promise<void> {
  const letter: DeadLetter = {
    v: EVENT_VERSION,
    kind: 'dead_letter',
    reason,
    detail,
    time: deps.now(),
    event,
  };
  await deps.log.append('dead_letters', key, letter);
  deps.metrics.deadLetters.inc({ reason });
  deps.logger.warn({ reason, detail }, 'an event went to the dead letters');
}

/** Buries messages that their senders may not send; a batch that is handed out again may bury them twice. */
export async function buryRefused(deps: WorkerDeps, refused: RefusedChat[]): Promise<void> {
  await Promise.all(
    refused.map(({ event, error, detail }) => bury(deps, event.conversation_id, event, error, detail)),
  );
}
