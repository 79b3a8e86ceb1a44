import type { Admin, Kafka } from 'kafkajs';
import type { PartitionLag } from '../../ports/event-log.ts';
import { createAges } from './kafka-ages.ts';
import { unavailable } from './kafka-client.ts';
import { firstUndone, partitionOffsets } from './kafka-offsets.ts';
import type { TopicNames } from './kafka-topics.ts';

/** Measures how far consumers are behind, whichever process they run in. */
export function createLagMeter(kafka: Kafka, now: () => number) {
  let admin: Promise<Admin> | undefined;
  const { ageOf } = createAges(now);

  async function connect(): Promise<Admin> {
    const fresh = kafka.admin();
    await fresh.connect();
    return fresh;
  }

  async function measure(names: TopicNames): Promise<PartitionLag[]> {
    admin ??= connect();
    const offsets = await partitionOffsets(await admin, names);
    return offsets.map((place) => {
      const from = firstUndone(place);
      return {
        partition: place.partition,
        lag: Math.max(0, place.end - from),
        oldestAgeMs: ageOf(`${names.topic} ${place.partition}`, from, place.end),
      };
    });
  }

  return {
    async lag(names: TopicNames): Promise<PartitionLag[]> {
      try {
        return await measure(names);
      } catch (error) {
        admin?.then((broken) => broken.disconnect()).catch(() => {});
        admin = undefined;
        throw unavailable(error);
      }
    },
    async close(): Promise<void> {
      await admin?.then((open) => open.disconnect());
    },
  };
}
