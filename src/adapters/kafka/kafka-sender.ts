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

interface Waiting extends Message {
  key: string;
  value: string;
  bytes: number;
  resolve: () => void;
  reject: (error: StoreUnavailable) => void;
}

/** Events in one send, and bytes of it: below the broker's default limit of 1 MiB for a batch of one partition. */
const BATCH_MAX = 1000;
const BATCH_BYTES_MAX = 512 * 1024;
/** What waits while the log does not answer: 20,000 of the longest messages are 330 MB, and 2 GB if JSON escapes them. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
/** A send that has not ended by then counts as failed: a gateway answers 503 within 5 s. */
const SEND_TIMEOUT_MS = 4500;
const BROKER_TIMEOUT_MS = 4000;
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
  private waiting: Waiting[] = [];
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

  async send(key: string, value: string, traceparent?: string): Promise<void> {
    if (this.closed) throw new StoreUnavailable('kafka', 'the log is closed');
    if (!this.producer) await this.firstConnection();
    const { queueMax, queueBytesMax = QUEUE_BYTES_MAX } = this.options;
    const bytes = Buffer.byteLength(value);
    if (this.waiting.length >= queueMax || this.waitingBytes + bytes > queueBytesMax) {
      throw new StoreUnavailable('kafka', `${this.waiting.length} events wait already`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const headers = traceparent === undefined ? undefined : { traceparent };
    this.waiting.push({ key, value, bytes, headers, resolve, reject });
    this.waitingBytes += bytes;
    this.sending ??= this.work();
    await promise;
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

  /** Sends what waits, batch after batch, until nothing does. */
  private async work(): Promise<void> {
    // What is appended in the same turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0 && this.producer) {
      const batch = takeBatch(this.waiting);
      this.waiting = this.waiting.slice(batch.length);
      this.waitingBytes -= bytesOf(batch);
      await this.sendBatch(this.producer, batch);
    }
    this.sending = undefined;
  }

  private async sendBatch(producer: Producer, batch: Waiting[]): Promise<void> {
    try {
      const messages = batch.map(({ key, value, headers }) => ({ key, value, headers }));
      await withTimeout(
        producer.send({ topic: this.options.topic, acks: -1, timeout: BROKER_TIMEOUT_MS, messages }),
      );
      this.options.onSend?.(batch.length);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      this.abandon(producer, unavailable(error));
      for (const { reject } of batch) reject(this.lastFault);
    }
  }

  /** Never to be used again: the fate of its last send is unknown. What waits is refused, and a new one connects. */
  private abandon(producer: Producer, fault: StoreUnavailable): void {
    this.lastFault = fault;
    this.producer = undefined;
    producer.disconnect().catch(() => {});
    const refused = this.waiting;
    this.waiting = [];
    this.waitingBytes = 0;
    for (const { reject } of refused) reject(fault);
    this.connecting = this.connect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sending;
    this.closed = true;
    await this.connecting;
    await this.producer?.disconnect();
  }
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  let count = 0;
  while (count < waiting.length && count < BATCH_MAX) {
    bytes += waiting[count]!.bytes;
    if (bytes > BATCH_BYTES_MAX && count > 0) break;
    count++;
  }
  return waiting.slice(0, count);
}

function bytesOf(batch: Waiting[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes, 0);
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
