import type { Anomaly } from './anomaly.ts';
import type { CheckOptions } from './check.ts';
import type { FinalPull, Observation, Reader } from './history.ts';
import type { Ledger } from './ledger.ts';

/** Every member sees the whole conversation, in time, and nobody else does. */
export function readerAnomalies(ledger: Ledger, { unseenMs }: CheckOptions): Anomaly[] {
  const observed = Map.groupBy(ledger.observations, ({ reader }) => reader);
  return [
    ...ledger.finals.flatMap((pull) => finalAnomalies(ledger, pull)),
    ...[...observed].flatMap(([reader, seen]) => feedAnomalies(ledger, reader, seen)),
    ...[...ledger.readers.values()].flatMap((reader) => {
      const seen = observed.get(reader.userId) ?? [];
      return [...unseen(ledger, reader, seen, unseenMs), ...trespasses(ledger, reader, seen)];
    }),
  ];
}

/** A final pull is ascending and has all that is stored, from the first that its reader may see. */
function finalAnomalies(ledger: Ledger, { reader, messages }: FinalPull): Anomaly[] {
  const { conversationId, ordered, readers } = ledger;
  const afterSeq = readers.get(reader)?.afterSeq ?? 0;
  const seqs = messages.map(({ seq }) => seq);
  const has = new Set(seqs);
  const anomalies = sequence(conversationId, `${reader}, at the end,`, seqs);
  const tell = (text: string) => anomalies.push({ name: 'disagreement', conversationId, text });
  for (const { seq, stored, sent } of ordered) {
    if (stored && seq > afterSeq && !has.has(seq))
      tell(`${reader}, at the end, lacks number ${seq} (${sent.key})`);
    if (seq <= afterSeq && has.has(seq)) tell(`${reader}, at the end, has number ${seq}, which is hidden`);
  }
  return anomalies;
}

/** What the SDK hands out goes up by one. */
function feedAnomalies({ conversationId }: Ledger, reader: string, seen: Observation[]): Anomaly[] {
  const seqs = seen.filter(({ via }) => via === 'feed').map(({ message }) => message.seq);
  const anomalies = sequence(conversationId, `the feed of ${reader}`, seqs);
  for (const [index, seq] of seqs.entries()) {
    const last = seqs[index - 1];
    if (last === undefined || seq <= last + 1) continue;
    anomalies.push({
      name: 'poll-skip',
      conversationId,
      text: `the feed of ${reader} goes from ${last} to ${seq}`,
    });
  }
  return anomalies;
}

/** Each number once, and ascending. */
function sequence(conversationId: string, who: string, seqs: number[]): Anomaly[] {
  const anomalies: Anomaly[] = [];
  const before = new Set<number>();
  let last = 0;
  for (const seq of seqs) {
    if (before.has(seq))
      anomalies.push({ name: 'duplicate', conversationId, text: `${who} has ${seq} again` });
    else if (seq < last) {
      anomalies.push({ name: 'nonmonotonic-poll', conversationId, text: `${who} has ${seq} after ${last}` });
    }
    before.add(seq);
    last = seq;
  }
  return anomalies;
}

/** A reader who is there sees each message soon after it is known, or after the faults are over. */
function unseen(ledger: Ledger, reader: Reader, seen: Observation[], unseenMs: number): Anomaly[] {
  const { conversationId, ordered, healedAt } = ledger;
  const { userId, liveSince, afterSeq = 0 } = reader;
  if (liveSince === undefined) return [];
  const firstAt = new Map<number, number>();
  for (const { message, at } of seen) if (!firstAt.has(message.seq)) firstAt.set(message.seq, at);
  return ordered.flatMap(({ seq, stored, knownAt, sent }): Anomaly[] => {
    if (!stored || seq <= afterSeq) return [];
    const at = firstAt.get(seq);
    const due = Math.max(healedAt, liveSince, knownAt) + unseenMs;
    if (at !== undefined && at <= due) return [];
    const late = at === undefined ? 'never saw' : `saw ${Math.round(at - due)} ms too late`;
    return [{ name: 'unseen', conversationId, text: `${userId} ${late} number ${seq} (${sent.key})` }];
  });
}

/** Who was removed neither reads nor writes any more. */
function trespasses(ledger: Ledger, { userId, removedAt }: Reader, seen: Observation[]): Anomaly[] {
  if (removedAt === undefined) return [];
  const { conversationId, ordered, places } = ledger;
  const isLater = (seq: number) => {
    const attempts = places.get(seq)!.sent.attempts;
    return attempts.length > 0 && attempts.every(({ invokedAt }) => invokedAt > removedAt);
  };
  const read = seen.map(({ message }) => message.seq).filter(isLater);
  const wrote = ordered.filter(({ seq, message }) => message.sender_id === userId && isLater(seq));
  return [
    ...read.map((seq) => `${userId} saw number ${seq}, which was sent after the removal`),
    ...wrote.map(({ seq }) => `${userId} sent number ${seq} after the removal`),
  ].map((text) => ({ name: 'trespass', conversationId, text }));
}
