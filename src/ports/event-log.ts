import type { LogTopics, Topic } from './log-events.ts';

/**
 * The log between gateways and workers. At least once: an event whose `append` resolved is handed to a consumer until a
 * handler resolves with it, also after any process or the machine died in between.
 */
export interface EventLog extends AsyncDisposable {
  /**
   * Resolves once the event is durable (on disk, or acknowledged by all in-sync replicas). Appends of one key that were
   * called in order are in the log in that order, if they are in it. Where it rejects with `StoreUnavailable` the event
   * is either absent or, where the answer was lost, present; never half. At most `queueMax` appends wait, and a
   * bounded number of bytes: one more rejects at once. `trace`, a place in a trace, comes out with the event where the
   * adapter can carry it.
   */
  append<T extends Topic>(topic: T, key: string, event: LogTopics[T], trace?: string): Promise<void>;

  /**
   * Hands out all events of the topic that no handler has yet done with, in batches of one partition, each partition in
   * the log's order and never two batches of a partition at once. Members that consume one topic in several processes
   * share its partitions. A batch counts as done when the handler resolves; when it rejects, the same events come again
   * after a pause that grows up to 5 s, perhaps in other batches. An event may come again after it was done (the note
   * of it is written lazily, at most a second late).
   */
  consume<T extends Topic>(topic: T, handler: BatchHandler<T>): Promise<Consumer>;

  /** Events of the topic, by partition, that no handler has done with, and the age of the oldest in ms. */
  lag(topic: Topic): Promise<PartitionLag[]>;
}

export interface Batch<T extends Topic> {
  partition: number;
  /** At least one, in order of offset. */
  records: LogRecord<T>[];
  /** Whether this consumer still owns the partition; asked before each side effect. */
  owned(): boolean;
}

export interface LogRecord<T extends Topic> {
  /** Grows within a partition, not always by one. */
  offset: number;
  key: string;
  /** Undefined where the record is not JSON. What it is made of is not checked. */
  event: LogTopics[T] | undefined;
  /** As it stands in the log. */
  raw: string;
  /** Where in a trace it was appended. */
  trace?: string;
}

export type BatchHandler<T extends Topic> = (batch: Batch<T>) => Promise<void>;

export interface Consumer {
  /** Takes no further batch and resolves when the ones in work are done or have failed. */
  stop(): Promise<void>;
}

export interface PartitionLag {
  partition: number;
  lag: number;
  oldestAgeMs: number;
}
