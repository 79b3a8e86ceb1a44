import type { Kafka } from 'kafkajs';
import { unavailable } from '../../adapters/kafka/kafka-client.ts';
import { firstUndone, type PartitionOffsets, partitionOffsets } from '../../adapters/kafka/kafka-offsets.ts';
import { readRecords } from '../../adapters/kafka/kafka-reader.ts';
import type { TopicNames } from '../../adapters/kafka/kafka-topics.ts';
import type { PartitionPlace } from '../../ports/operations.ts';

/** Where the workers stand in each topic. The age is that of the first event that waits, which is read for it. */
export async function partitionPlaces(
  kafka: Kafka,
  topics: TopicNames[],
  now: () => number,
): Promise<PartitionPlace[]> {
  const offsets = await offsetsOf(kafka, topics);
  const places: PartitionPlace[] = [];
  for (const [i, { topic }] of topics.entries()) {
    const ranges = offsets[i]!.map((place) => ({
      partition: place.partition,
      from: firstUndone(place),
      end: place.end,
      countMax: 1,
    }));
    const oldest = await readRecords(kafka, topic, ranges);
    const timeByPartition = new Map(oldest.map(({ partition, time }) => [partition, time]));
    for (const place of offsets[i]!) {
      const time = timeByPartition.get(place.partition);
      places.push({
        topic,
        partition: place.partition,
        committed: place.committed ?? null,
        end: place.end,
        lag: Math.max(0, place.end - firstUndone(place)),
        ageMs: time === undefined ? null : Math.max(0, now() - time),
      });
    }
  }
  return places;
}

async function offsetsOf(kafka: Kafka, topics: TopicNames[]): Promise<PartitionOffsets[][]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await Promise.all(topics.map((names) => partitionOffsets(admin, names)));
  } catch (error) {
    throw unavailable(error);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
