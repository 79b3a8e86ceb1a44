import type { Anomaly } from './anomaly.ts';
import type { Send } from './history.ts';
import type { Ledger, Place } from './ledger.ts';

/** Messages are stored in the order in which they were accepted, as far as clients can tell it. */
export function orderAnomalies(ledger: Ledger): Anomaly[] {
  return [...realtimeAnomalies(ledger), ...sessionAnomalies(ledger)];
}

/**
 * What was known to be taken before another was sent stands before it. From the end on, the earliest time at which
 * something that stands later was known is kept: what was sent after that time stands too early.
 */
function realtimeAnomalies({ conversationId, ordered }: Ledger): Anomaly[] {
  const anomalies: Anomaly[] = [];
  let earliest: Place | undefined;
  for (const place of ordered.toReversed()) {
    if (place.sent.attempts.length === 0) continue;
    const sentAt = Math.min(...place.sent.attempts.map(({ invokedAt }) => invokedAt));
    if (earliest && earliest.knownAt < sentAt) {
      const text = `number ${place.seq} (${place.sent.key}) was sent after number ${earliest.seq} (${earliest.sent.key}) was known`;
      anomalies.push({ name: 'G0-realtime', conversationId, text });
    }
    if (!earliest || place.knownAt < earliest.knownAt) earliest = place;
  }
  return anomalies;
}

/**
 * What one session sent stands in that order. A message that was sent more than once is stored where the first of these
 * came to the log, wherever that was: it is bound to what follows by a send that was answered, or that was the only one,
 * and to what precedes where no other session sent it.
 */
function sessionAnomalies({ conversationId, sends, ordered }: Ledger): Anomaly[] {
  const placeOf = new Map(ordered.map((place) => [place.sent, place]));
  const sentOf = new Map<Send, Place>();
  for (const [sent, place] of placeOf) for (const attempt of sent.attempts) sentOf.set(attempt, place);
  const highest = new Map<string, Place>();
  const anomalies: Anomaly[] = [];
  for (const send of sends) {
    const place = sentOf.get(send);
    if (!place) continue;
    const before = highest.get(send.session);
    const { attempts, key } = place.sent;
    if (before && before.seq > place.seq && attempts[0] === send && isOfOne(attempts)) {
      const text = `${send.session} sent ${key}, number ${place.seq}, after ${before.sent.key}, number ${before.seq}`;
      anomalies.push({ name: 'nonmonotonic-send', conversationId, text });
    }
    const binds = send.outcome === 'answered' || attempts.length === 1;
    if (binds && (!before || before.seq < place.seq)) highest.set(send.session, place);
  }
  return anomalies;
}

function isOfOne(attempts: Send[]): boolean {
  return attempts.every(({ session }) => session === attempts[0]!.session);
}
