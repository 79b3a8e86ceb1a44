import type { Kafka } from 'kafkajs';
import { KAFKA_NAMES } from '../../../src/adapters/kafka/kafka-topics.ts';
import { until } from '../../contract/wait.ts';
import type { Fault } from './fault.ts';

const { topic, group } = KAFKA_NAMES.messages;
/** A worker that was cut off while it joined is waited for by the broker, for 15 s, and again until it is expelled. */
const JOIN_MS_MAX = 60_000;

/** A stranger joins the workers' group and leaves it, again and again: partitions never rest. */
export function rebalanceFault(kafka: Kafka): Fault {
  return {
    name: 'rebalances',
    subject: 'group',
    async begin() {
      let over = false;
      const comingAndGoing = (async () => {
        while (!over) await visit(kafka);
      })();
      comingAndGoing.catch(() => {});
      return async () => {
        over = true;
        await comingAndGoing;
      };
    },
  };
}

/** It gets partitions, does nothing with them, and gives them back as they were. */
async function visit(kafka: Kafka): Promise<void> {
  const consumer = kafka.consumer({ groupId: group, sessionTimeout: 6000, rebalanceTimeout: 10_000 });
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    let joined = false;
    consumer.on(consumer.events.GROUP_JOIN, () => {
      joined = true;
    });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => {} });
    await until('the stranger is a member', () => joined, JOIN_MS_MAX);
  } finally {
    await consumer.disconnect();
  }
}

/** Resolves when the group has so many members, and all of them have their partitions. */
export async function untilMembers(kafka: Kafka, count: number, withinMs: number): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const settled = async () => {
      const { groups } = await admin.describeGroups([group]);
      const { state, members } = groups[0]!;
      return state === (count > 0 ? 'Stable' : 'Empty') && members.length === count;
    };
    await until(`${count} members in ${group}`, settled, withinMs);
  } finally {
    await admin.disconnect();
  }
}
