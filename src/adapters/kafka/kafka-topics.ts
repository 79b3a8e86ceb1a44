import type { Topic } from '../../ports/log-events.ts';

export interface TopicNames {
  topic: string;
  /** The consumer group. Each topic has its own: kafkajs assigns all topics of a group to all of its members alike. */
  group: string;
}

/** Names of the topics and their consumer groups; other tools look at them. */
export const KAFKA_NAMES: Record<Topic, TopicNames> = {
  messages: { topic: 'im_msg_inbox', group: 'im-worker' },
  receipts: { topic: 'im_receipts', group: 'im-worker.receipts' },
  dead_letters: { topic: 'im_msg_inbox.dlq', group: 'im-dead-letters' },
};
