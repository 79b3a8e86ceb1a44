import type { BatchHandler, EventLog, LogRecord } from '../../../src/ports/event-log.ts';
import type { Topic } from '../../../src/ports/log-events.ts';
import type { Action, Scheduler } from './scheduler.ts';

/** Events in a batch. */
const BATCH_SIZES = [1, 2, 3, 5];

interface Partition {
  number: number;
  records: LogRecord<'messages'>[];
  /** Records before this are done with. */
  committed: number;
  owner: Consumer | undefined;
}

/** One life of one worker. */
interface Consumer {
  name: string;
  handler: BatchHandler<'messages'>;
  /** Partitions that it takes for its own; it notices later that one was taken away. */
  believes: Set<Partition>;
  busy: Set<Partition>;
}

export interface LogFaults {
  /** Broken on purpose: a batch counts as done when it is handed out. */
  commitsEarly?: boolean;
  /** Broken on purpose: what one gateway appends is taken in any order. */
  unordered?: boolean;
  /** Broken on purpose: a worker never notices that a partition was taken from it. */
  unnoticed?: boolean;
}

/**
 * The log as its port promises it, and not better: at least once, in order, a partition handed to one worker at a time as
 * far as the log knows. A worker from which a partition was taken may still be at it.
 */
export class SimulatedLog {
  readonly deadLetters: unknown[] = [];
  private readonly scheduler: Scheduler;
  private readonly keys: string[];
  private readonly faults: LogFaults;
  private readonly partitions: Partition[];
  private readonly consumers = new Map<string, Consumer>();

  /** `keys` decides the partition: the first is in partition 0, and so on. */
  constructor(scheduler: Scheduler, partitions: number, keys: string[], faults: LogFaults = {}) {
    this.scheduler = scheduler;
    this.keys = keys;
    this.faults = faults;
    this.partitions = Array.from({ length: partitions }, (_, number) => ({
      number,
      records: [],
      committed: 0,
      owner: undefined,
    }));
  }

  /** The log as one worker or gateway reaches it. */
  portOf(name: string): EventLog {
    return {
      append: (topic, key, event) => {
        const line = this.faults.unordered ? undefined : `${name} ${topic} ${this.keys.indexOf(key)}`;
        const what = `append ${topic} ${describe(event)}`;
        return this.scheduler.call(name, what, async () => this.add(topic, key, event), line);
      },
      consume: async <T extends Topic>(topic: T, handler: BatchHandler<T>) => {
        if (topic === 'messages') this.join(name, handler as unknown as BatchHandler<'messages'>);
        return { stop: async () => {} };
      },
      lag: async () => [],
      async [Symbol.asyncDispose]() {},
    };
  }

  /** The worker is dead. */
  leave(name: string): void {
    this.consumers.delete(name);
    for (const partition of this.partitions) if (partition.owner?.name === name) partition.owner = undefined;
  }

  /** Gives a partition to another worker while the one that has it goes on. */
  rebalance(index: number): void {
    const partition = this.partitions[index % this.partitions.length]!;
    const others = [...this.consumers.values()].filter((consumer) => consumer !== partition.owner);
    if (others.length > 0) this.assign(partition, this.scheduler.pick(others));
  }

  /** What was noted as done is not noted any more. */
  forget(index: number, count: number): void {
    const partition = this.partitions[index % this.partitions.length]!;
    partition.committed = Math.max(0, partition.committed - count);
  }

  actions(): Action[] {
    return [...this.partitions.flatMap((partition) => this.assignments(partition)), ...this.notices()];
  }

  private assignments(partition: Partition): Action[] {
    const { owner, number } = partition;
    if (!owner) {
      return [...this.consumers.values()].map((consumer) => ({
        label: `${consumer.name} gets partition ${number}`,
        act: () => this.assign(partition, consumer),
      }));
    }
    if (partition.committed >= partition.records.length || owner.busy.has(partition)) return [];
    return [{ label: `${owner.name} reads partition ${number}`, act: () => this.handOut(partition, owner) }];
  }

  private notices(): Action[] {
    return [...this.consumers.values()].flatMap((consumer) =>
      [...consumer.believes]
        .filter((partition) => partition.owner !== consumer)
        .map((partition) => ({
          label: `${consumer.name} notices that partition ${partition.number} is gone`,
          act: () => void consumer.believes.delete(partition),
        })),
    );
  }

  private join(name: string, handler: BatchHandler<'messages'>): void {
    this.consumers.set(name, { name, handler, believes: new Set(), busy: new Set() });
  }

  private assign(partition: Partition, consumer: Consumer): void {
    partition.owner = consumer;
    consumer.believes.add(partition);
    this.scheduler.note(`  partition ${partition.number} is ${consumer.name}'s`);
  }

  private handOut(partition: Partition, consumer: Consumer): void {
    const from = partition.committed;
    const count = this.scheduler.pick(BATCH_SIZES);
    const records = partition.records.slice(from, from + count);
    const end = from + records.length;
    consumer.busy.add(partition);
    if (this.faults.commitsEarly) partition.committed = end;
    const batch = {
      partition: partition.number,
      records,
      owned: () => this.faults.unnoticed || consumer.believes.has(partition),
    };
    this.scheduler.note(`  ${records.map(({ event }) => describe(event)).join(', ')}`);
    consumer.handler(batch).then(
      () => this.commit(partition, consumer, end),
      () => {
        consumer.busy.delete(partition);
        this.scheduler.note(`  ${consumer.name} failed with a batch of partition ${partition.number}`);
      },
    );
  }

  /** A worker that lost the partition may be heard or not; what it did is done. */
  private commit(partition: Partition, consumer: Consumer, end: number): void {
    consumer.busy.delete(partition);
    if (this.consumers.get(consumer.name) !== consumer) return;
    if (partition.owner !== consumer && this.scheduler.chance(0.5)) return;
    partition.committed = end;
    this.scheduler.note(`  ${consumer.name} is done with partition ${partition.number} up to ${end}`);
  }

  private add(topic: Topic, key: string, event: unknown): void {
    if (topic === 'dead_letters') {
      this.deadLetters.push(event);
      return;
    }
    if (topic !== 'messages') return;
    const raw = JSON.stringify(event);
    const { records } = this.partitionOf(key);
    records.push({ offset: records.length, key, event: JSON.parse(raw), raw });
  }

  private partitionOf(key: string): Partition {
    return this.partitions[this.keys.indexOf(key) % this.partitions.length]!;
  }
}

function describe(event: unknown): string {
  const { kind, msg_id, seq, resend } = event as {
    kind: string;
    msg_id?: string;
    seq?: number;
    resend?: true;
  };
  return `${kind} ${msg_id ?? seq ?? ''}${resend ? ' (again)' : ''}`;
}
