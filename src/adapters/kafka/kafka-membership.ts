import type { Consumer } from 'kafkajs';

/** Whether a consumer is still the member of its group that it was. */
export interface Membership {
  /** Gives a question about the membership of this moment: whether it lasts. */
  now(): () => boolean;
}

/**
 * kafkajs tells a handler neither that its partition was revoked, nor that its process slept past its session, and may
 * run a handler of the old generation beside one of the new. What can be seen from here: when the group was joined
 * anew, and how long ago the coordinator last took a heartbeat. Beyond the session's timeout it has given the
 * partitions to others, whether it could tell us or not.
 */
export function watchMembership(
  consumer: Pick<Consumer, 'on' | 'events'>,
  sessionTimeoutMs: number,
  now: () => number = () => performance.now(),
): Membership {
  let generation = 0;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  consumer.on(consumer.events.GROUP_JOIN, () => {
    generation += 1;
    confirmedAt = now();
  });
  consumer.on(consumer.events.HEARTBEAT, () => {
    confirmedAt = now();
  });
  return {
    now() {
      const joined = generation;
      return () => generation === joined && now() - confirmedAt < sessionTimeoutMs;
    },
  };
}

/** kafkajs must see these to join again. */
export function isRebalance(error: unknown): boolean {
  const type = error instanceof Error && 'type' in error ? String(error.type) : '';
  return [
    'REBALANCE_IN_PROGRESS',
    'ILLEGAL_GENERATION',
    'UNKNOWN_MEMBER_ID',
    'NOT_COORDINATOR_FOR_GROUP',
  ].includes(type);
}
