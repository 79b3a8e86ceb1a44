import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Message, Producer } from 'kafkajs';
import { StoreUnavailable } from '../../ports/errors.ts';
import { unavailable } from './kafka-client.ts';
import { createKeyPartitioner } from './kafka-partitioner.ts';

export interface SenderOptions {
  kafka: Kafka;
  topic: string;
  /** Appends that may wait; one more is refused at once. */
  queueMax: number;
  /** Bytes of those that may wait. */
  queueBytesMax?: number;
  /** Told how many events each send carried. */
  onSend?: (count: number) => void;
}

export interface Sender extends AsyncDisposable {
  /** `traceparent` becomes the header of that name. */
  send(key: string, value: string, traceparent?: string): Promise<void>;
}

/** What goes in one send, and is answered together. */
interface Batch {
  messages: Message[];
  bytes: number;
  sent: PromiseWithResolvers<void>;
}

/** Events in one send, and bytes of it: below the broker's default limit of 1 MiB for a batch of one partition. */
const BATCH_MAX = 1000;
const BATCH_BYTES_MAX = 512 * 1024;
/** What waits while the log does not answer: 20,000 of the longest messages are 330 MB, and 2 GB if JSON escapes them. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** A send that has not ended by then counts as failed: a gateway answers 503 within 5 s. */
const SEND_TIMEOUT_MS = 4500;
const BROKER_TIMEOUT_MS = 4000;
/** After a send of so many events the next one begins no sooner than so long after that one began. */
const PACED_COUNT = 8;
const SEND_INTERVAL_MS = 6;
/** Between tries to connect anew while the log is out of reach. */
const RECONNECT_MS = 500;

/**
 * Appends to one topic. kafkajs's idempotent producer gives a rolled-back sequence number to an overlapping send, and
 * the broker then takes one of the two for a repetition: an acknowledged event would be lost. So one send at a time is
 * under way, and after one that failed, or whose outcome is unknown, its producer is thrown away and with it its id.
 * While there is no connection, appends are refused at once.
 */
export function createSender(options: SenderOptions): Sender {
  return new KafkaSender(options);
}

class KafkaSender implements Sender {
  private readonly options: SenderOptions;
  private waiting: Batch[] = [];
  private waitingCount = 0;
  private waitingBytes = 0;
  /** Undefined while the log is out of reach. */
  private producer: Producer | undefined;
  private connecting: Promise<void>;
  private lastFault = new StoreUnavailable('kafka', 'not connected yet');
  private sending: Promise<void> | undefined;
  private closed = false;

  constructor(options: SenderOptions) {
    this.options = options;
    this.connecting = this.connect();
  }

  send(key: string, value: string, traceparent?: string): Promise<void> {
    if (this.closed) return Promise.reject(new StoreUnavailable('kafka', 'the log is closed'));
    const message: Message = { key, value };
    if (traceparent !== undefined) message.headers = { traceparent };
    if (this.producer) return this.add(message);
    return this.firstConnection().then(() => this.add(message));
  }

  /** To the newest batch that waits, or to a new one; all messages of one share its promise. */
  private add(message: Message): Promise<void> {
    const { queueMax, queueBytesMax = QUEUE_BYTES_MAX } = this.options;
    const bytes = Buffer.byteLength(message.value!);
    if (this.waitingCount >= queueMax || this.waitingBytes + bytes > queueBytesMax) {
      return Promise.reject(new StoreUnavailable('kafka', `${this.waitingCount} events wait already`));
    }
    let batch = this.waiting.at(-1);
    if (!batch || batch.messages.length >= BATCH_MAX || batch.bytes + bytes > BATCH_BYTES_MAX) {
      batch = { messages: [], bytes: 0, sent: Promise.withResolvers() };
      this.waiting.push(batch);
    }
    batch.messages.push(message);
    batch.bytes += bytes;
    this.waitingCount++;
    this.waitingBytes += bytes;
    this.sending ??= this.work();
    return batch.sent.promise;
  }

  /** Only the very first connection is waited for, so that a process that just started refuses nothing. */
  private async firstConnection(): Promise<void> {
    if (this.everConnected) throw this.lastFault;
    await Promise.race([this.connecting, sleep(SEND_TIMEOUT_MS, undefined, { ref: false })]);
    if (!this.producer) throw this.lastFault;
  }

  private everConnected = false;

  private async connect(): Promise<void> {
    while (!this.closed) {
      const producer = this.options.kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: createKeyPartitioner,
        retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5 },
      });
      try {
        await withTimeout(producer.connect());
        this.producer = producer;
        this.everConnected = true;
        return;
      } catch (error) {
        this.lastFault = unavailable(error);
        producer.disconnect().catch(() => {});
        await sleep(RECONNECT_MS, undefined, { ref: false });
      }
    }
  }

  /**
   * Sends what waits, batch after batch, until nothing does. Under load it does not begin as often as it could: a send costs
   * the broker and this process much the same, however few events it has for each partition.
   */
  private async work(): Promise<void> {
    // What is appended in the same turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0 && this.producer) {
      const batch = this.waiting.shift()!;
      this.waitingCount -= batch.messages.length;
      this.waitingBytes -= batch.bytes;
      const next = performance.now() + SEND_INTERVAL_MS;
      await this.sendBatch(this.producer, batch);
      const early = next - performance.now();
      if (early > 0 && batch.messages.length >= PACED_COUNT) await sleep(Math.ceil(early));
    }
    this.sending = undefined;
  }

  private async sendBatch(producer: Producer, { messages, sent }: Batch): Promise<void> {
    try {
      await withTimeout(
        producer.send({ topic: this.options.topic, acks: -1, timeout: BROKER_TIMEOUT_MS, messages }),
      );
      this.options.onSend?.(messages.length);
      sent.resolve();
    } catch (error) {
      this.abandon(producer, unavailable(error));
      sent.reject(this.lastFault);
    }
  }

  /** Never to be used again: the fate of its last send is unknown. What waits is refused, and a new one connects. */
  private abandon(producer: Producer, fault: StoreUnavailable): void {
    this.lastFault = fault;
    this.producer = undefined;
    producer.disconnect().catch(() => {});
    const refused = this.waiting;
    this.waiting = [];
    this.waitingCount = 0;
    this.waitingBytes = 0;
    for (const { sent } of refused) sent.reject(fault);
    this.connecting = this.connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sending;
    this.closed = true;
    await this.connecting;
    await this.producer?.disconnect();
  }
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new StoreUnavailable('kafka', `no answer within ${SEND_TIMEOUT_MS} ms`));
  }, SEND_TIMEOUT_MS);
  work.catch(() => {});
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
