import type { Admin, Kafka } from 'kafkajs';
import type { PartitionLag } from '../../ports/event-log.ts';
import { unavailable } from './kafka-client.ts';
import { firstUndone, partitionOffsets } from './kafka-offsets.ts';
import type { TopicNames } from './kafka-topics.ts';

/** Where a partition stood, and since when it has not moved. */
interface Standstill {
  offset: number;
  since: number;
}

/** Measures how far consumers are behind, whichever process they run in. */
export function createLagMeter(kafka: Kafka, now: () => number) {
  let admin: Promise<Admin> | undefined;
  const standstills = new Map<string, Standstill>();

  async function connect(): Promise<Admin> {
    const fresh = kafka.admin();
    await fresh.connect();
    return fresh;
  }

  /**
   * The age is that of the oldest event, as far as it can be seen from outside: for as long as the committed offset has
   * stood still while there was something to do. It is never more than the truth.
   */
  function ageOf(key: string, offset: number, lag: number): number {
    const known = standstills.get(key);
    if (lag === 0) standstills.delete(key);
    else if (known?.offset !== offset) standstills.set(key, { offset, since: now() });
    return lag > 0 && known?.offset === offset ? now() - known.since : 0;
  }

  async function measure(names: TopicNames): Promise<PartitionLag[]> {
    admin ??= connect();
    const offsets = await partitionOffsets(await admin, names);
    return offsets.map((place) => {
      const from = firstUndone(place);
      const lag = Math.max(0, place.end - from);
      return {
        partition: place.partition,
        lag,
        oldestAgeMs: ageOf(`${names.topic} ${place.partition}`, from, lag),
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
