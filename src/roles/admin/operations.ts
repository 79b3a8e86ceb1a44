import type { Kafka } from 'kafkajs';
import { KAFKA_NAMES } from '../../adapters/kafka/kafka-topics.ts';
import { dropInbox, readCounter, readInboxState, readRoutes } from '../../adapters/redis/redis-operations.ts';
import type { Shards } from '../../adapters/redis/redis-shards.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { Inbox } from '../../ports/inbox.ts';
import type { LogTopics } from '../../ports/log-events.ts';
import { STATUS_MEMBERS_MAX } from '../../ports/message-view.ts';
import type { ConversationState, Operations } from '../../ports/operations.ts';
import type { Timeline } from '../../ports/timeline.ts';
import { readDeadLetters } from './dead-letters.ts';
import { partitionPlaces } from './partition-places.ts';

export interface OperationsDeps {
  kafka: Kafka;
  redis: Shards;
  log: EventLog;
  timeline: Timeline;
  inbox: Inbox;
  now: () => number;
  /** Other names than the usual, for tests that share a server. */
  names?: typeof KAFKA_NAMES;
}

/** On servers that somebody else opens and closes. */
export function createOperations(deps: OperationsDeps): Omit<Operations, keyof AsyncDisposable> {
  const { kafka, redis, log, inbox, now, names = KAFKA_NAMES } = deps;
  return {
    lag: () => partitionPlaces(kafka, [names.messages, names.receipts], now),

    deadLetters: (from, limit) => readDeadLetters(kafka, names.dead_letters.topic, from, limit),

    async replay({ replayTo, key, event, offset }) {
      if (replayTo === null) throw new Error(`Nobody can tell where the event of letter ${offset} belongs.`);
      // A worker reads it as carefully as any other event.
      await log.append(replayTo, key, event as LogTopics[typeof replayTo]);
    },

    async routes(userId) {
      await redis.ready();
      return readRoutes(redis, userId);
    },

    async inbox(userId) {
      await redis.ready();
      return readInboxState(redis, userId);
    },

    async rebuildInbox(userId) {
      await redis.ready();
      await dropInbox(redis, userId);
      return inbox.head(userId);
    },

    conversation: (conversationId, messagesMax) => readConversation(deps, conversationId, messagesMax),
  };
}

async function readConversation(
  { timeline, redis }: OperationsDeps,
  conversationId: string,
  messagesMax: number,
): Promise<ConversationState | undefined> {
  const headSeq = (await timeline.headSeqs([conversationId])).get(conversationId) ?? 0;
  const group = (await timeline.group(conversationId)) ?? null;
  if (headSeq === 0 && !group) return undefined;
  const page = await timeline.page({
    conversationId,
    from: { beforeSeq: headSeq + 1 },
    hiddenThrough: 0,
    limit: messagesMax,
  });
  const cursors = await timeline.memberCursors([conversationId], STATUS_MEMBERS_MAX);
  await redis.ready();
  return {
    conversation_id: conversationId,
    group,
    head_seq: headSeq,
    counter: await readCounter(redis, conversationId),
    cursors: cursors.sort((a, b) => (a.user_id < b.user_id ? -1 : 1)),
    messages: page.messages.map(({ content, content_digest, ...place }) => place),
  };
}
