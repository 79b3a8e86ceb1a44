import { randomUUID } from 'node:crypto';
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs';
import { StoreUnavailable } from '../../ports/errors.ts';
import { unavailable } from './kafka-client.ts';

export interface ReadRange {
  partition: number;
  /** The first offset to read. */
  from: number;
  /** Read up to here, without it; it must be no more than the partition's end. */
  end: number;
  countMax: number;
}

export interface KafkaRecord {
  partition: number;
  offset: number;
  /** When it was appended, ms since 1970. */
  time: number;
  key: string;
  value: string;
}

/** A read that takes longer has failed. Joining a group alone may take seconds. */
const READ_TIMEOUT_MS = 20_000;
const FETCH_WAIT_MS = 200;

/**
 * Reads records without a trace. The client only reads as a member of a group, so this one has a name of its own, never
 * commits, and is deleted in the end: no other group moves.
 */
export async function readRecords(kafka: Kafka, topic: string, ranges: ReadRange[]): Promise<KafkaRecord[]> {
  const wanted = ranges.filter(({ from, end, countMax }) => from < end && countMax > 0);
  if (wanted.length === 0) return [];
  const groupId = `im-admin.${randomUUID()}`;
  const consumer = kafka.consumer({
    groupId,
    allowAutoTopicCreation: false,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    retry: { retries: 3, restartOnFailure: async () => false },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    return await readAll(consumer, topic, wanted);
  } catch (error) {
    throw unavailable(error);
  } finally {
    await consumer.disconnect().catch(() => {});
    await deleteGroup(kafka, groupId);
  }
}

async function readAll(consumer: Consumer, topic: string, ranges: ReadRange[]): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  const open = new Map(ranges.map((range) => [range.partition, { ...range }]));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new StoreUnavailable('kafka', `${topic} could not be read within ${READ_TIMEOUT_MS} ms`)),
    READ_TIMEOUT_MS,
  );
  promise.catch(() => {});
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  const eachBatch = async ({ batch, isStale }: EachBatchPayload) => {
    const range = open.get(batch.partition);
    if (!range || isStale()) return;
    for (const { offset, timestamp, key, value } of batch.messages) {
      const at = Number(offset);
      // The first fetch may have begun before the place was sought.
      if (at < range.from) continue;
      if (at < range.end && range.countMax-- > 0) {
        records.push({
          partition: batch.partition,
          offset: at,
          time: Number(timestamp),
          key: key?.toString() ?? '',
          value: value?.toString() ?? '',
        });
        range.from = at + 1;
      }
      if (at >= range.end - 1 || range.countMax <= 0) {
        open.delete(batch.partition);
        break;
      }
    }
    if (open.size === 0) resolve();
  };
  try {
    await consumer.run({ autoCommit: false, eachBatch });
    for (const { partition, from } of ranges) consumer.seek({ topic, partition, offset: String(from) });
    await promise;
  } finally {
    clearTimeout(timer);
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** A group without members and offsets goes by itself too, only later. */
async function deleteGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // It holds nothing.
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
