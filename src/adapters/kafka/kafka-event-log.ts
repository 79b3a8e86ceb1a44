import type { Kafka } from 'kafkajs';
import { StoreUnavailable } from '../../ports/errors.ts';
import type { BatchHandler, Consumer, EventLog } from '../../ports/event-log.ts';
import type { LogTopics, Topic } from '../../ports/log-events.ts';
import { unavailable } from './kafka-client.ts';
import { startConsumer } from './kafka-consumer.ts';
import { createLagMeter } from './kafka-lag.ts';
import { createSender, type Sender } from './kafka-sender.ts';
import { KAFKA_NAMES } from './kafka-topics.ts';

export interface KafkaEventLogOptions {
  kafka: Kafka;
  partitions: number;
  /** Appends to one topic that may wait. */
  queueMax: number;
  /** Events that a handler is given at once. */
  batchMax?: number;
  /** Other names than the usual, for tests that share a server. */
  names?: typeof KAFKA_NAMES;
  now?: () => number;
  /** Told how many events each send carried. */
  onSend?: (count: number) => void;
}

const BATCH_MAX = 500;

/** The log on Kafka, for any number of processes. The topics must exist; see `kafka-migrate.ts`. */
export function createKafkaEventLog(options: KafkaEventLogOptions): EventLog {
  const { kafka, partitions, queueMax, batchMax = BATCH_MAX, names = KAFKA_NAMES, now = Date.now } = options;
  const senders = new Map<Topic, Sender>();
  const consumers = new Set<Consumer>();
  const meter = createLagMeter(kafka, now);
  let closed = false;

  function senderOf(topic: Topic): Sender {
    let sender = senders.get(topic);
    if (!sender) {
      sender = createSender({ kafka, topic: names[topic].topic, queueMax, onSend: options.onSend });
      senders.set(topic, sender);
    }
    return sender;
  }

  return {
    append<T extends Topic>(topic: T, key: string, event: LogTopics[T], trace?: string): Promise<void> {
      if (closed) return Promise.reject(closedFault());
      return senderOf(topic).send(key, JSON.stringify(event), trace);
    },

    async consume<T extends Topic>(topic: T, handler: BatchHandler<T>): Promise<Consumer> {
      if (closed) throw closedFault();
      const started = await startConsumer({ kafka, names: names[topic], partitions, batchMax, handler });
      const consumer: Consumer = {
        async stop() {
          if (consumers.delete(consumer)) await started.stop();
        },
      };
      consumers.add(consumer);
      return consumer;
    },

    lag: (topic) => meter.lag(names[topic]),

    async [Symbol.asyncDispose]() {
      closed = true;
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await Promise.all([...senders.values()].map((sender) => sender[Symbol.asyncDispose]()));
      await meter.close();
    },
  };
}

function closedFault(): StoreUnavailable {
  return new StoreUnavailable('kafka', 'the log is closed');
}

/** For readiness: resolves where a broker answers. */
export async function pingKafka(kafka: Kafka): Promise<void> {
  const admin = kafka.admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    await admin.describeCluster();
  } catch (error) {
    throw unavailable(error);
  } finally {
    admin.disconnect().catch(() => {});
  }
}
