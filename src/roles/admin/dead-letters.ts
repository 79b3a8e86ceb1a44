import type { Kafka } from 'kafkajs';
import { unavailable } from '../../adapters/kafka/kafka-client.ts';
import { type KafkaRecord, readRecords } from '../../adapters/kafka/kafka-reader.ts';
import type { DeadLetter } from '../../ports/log-events.ts';
import type { BuriedEvent, DeadLetterPage } from '../../ports/operations.ts';

/** Dead letters have one partition (see `kafka-migrate.ts`), so that an offset names one. */
const PARTITION = 0;

const TOPIC_BY_KIND = new Map<string | null, BuriedEvent['replayTo']>([
  ['chat', 'messages'],
  ['recall', 'messages'],
  ['cursor', 'receipts'],
  ['inbox_cursor', 'receipts'],
]);

export async function readDeadLetters(
  kafka: Kafka,
  topic: string,
  from: number | 'newest',
  limit: number,
): Promise<DeadLetterPage> {
  const { low, high } = await bounds(kafka, topic);
  const start = Math.max(low, from === 'newest' ? high - limit : from);
  const range = { partition: PARTITION, from: start, end: high, countMax: limit };
  const records = await readRecords(kafka, topic, [range]);
  const next = (records.at(-1)?.offset ?? high) + 1;
  return { letters: records.map(buriedEvent), next: next < high ? next : null };
}

async function bounds(kafka: Kafka, topic: string): Promise<{ low: number; high: number }> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    const { low, high } = offsets.find(({ partition }) => partition === PARTITION)!;
    return { low: Number(low), high: Number(high) };
  } catch (error) {
    throw unavailable(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

/** What a record says, and where its event would go; a record that is no dead letter is shown all the same. */
export function buriedEvent({ offset, time, key, value }: Omit<KafkaRecord, 'partition'>): BuriedEvent {
  const letter = parsed(value) as Partial<DeadLetter> | null | undefined;
  if (letter?.kind !== 'dead_letter') {
    const detail = 'The record is no dead letter.';
    return { offset, key, time, reason: 'unreadable', detail, event: value, kind: null, replayTo: null };
  }
  const kind = kindOf(letter.event);
  return {
    offset,
    key,
    time: letter.time ?? time,
    reason: letter.reason ?? 'unreadable',
    detail: letter.detail ?? '',
    event: letter.event,
    kind,
    replayTo: TOPIC_BY_KIND.get(kind) ?? null,
  };
}

function kindOf(event: unknown): string | null {
  const kind = (event as { kind?: unknown } | null | undefined)?.kind;
  return typeof kind === 'string' ? kind : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
