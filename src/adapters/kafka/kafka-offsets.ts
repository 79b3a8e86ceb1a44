import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, KafkaJSError } from 'kafkajs';
import type { TopicNames } from './kafka-topics.ts';

export interface PartitionOffsets {
  partition: number;
  /** What the group is to read next; undefined where it has never committed. */
  committed: number | undefined;
  /** The first offset that is still kept. */
  low: number;
  /** The offset that the next record will get. */
  end: number;
}

/** Between the tries, while the group's coordinator moves or loads what it knows: after a start of the broker, some seconds. */
const RETRY_PAUSES_MS = [100, 200, 400, 800, 1600];

/** Where a topic and its consumer group stand, in order of partition. */
export async function partitionOffsets(
  admin: Admin,
  { topic, group }: TopicNames,
): Promise<PartitionOffsets[]> {
  const [found] = await retried(() => admin.fetchOffsets({ groupId: group, topics: [topic] }));
  const committed = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  const ends = await admin.fetchTopicOffsets(topic);
  return ends
    .map(({ partition, low, high }) => {
      const offset = committed.get(partition) ?? -1;
      return {
        partition,
        committed: offset < 0 ? undefined : offset,
        low: Number(low),
        end: Number(high),
      };
    })
    .sort((a, b) => a.partition - b.partition);
}

/** The client repeats its other calls by itself, but not this one. */
async function retried<T>(ask: () => Promise<T>): Promise<T> {
  for (const pauseMs of RETRY_PAUSES_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!(error as KafkaJSError).retriable) throw error;
    }
    await sleep(pauseMs);
  }
  return ask();
}

/** The first offset that nobody is done with: what was trimmed is gone. */
export function firstUndone({ committed, low }: PartitionOffsets): number {
  return Math.max(committed ?? low, low);
}
