import { StoreUnavailable } from '../ports/errors.ts';
import type { Consumer, LogRecord } from '../ports/event-log.ts';
import { type ChatEvent, EVENT_VERSION, type LogTopics } from '../ports/log-events.ts';
import { Outgoing } from '../ports/outgoing.ts';
import { CODES } from '../protocol/codes.ts';
import { eventFrame } from '../protocol/frames.ts';
import { isChatEvent } from './classify.ts';
import { bury } from './dead-letters.ts';
import type { WorkerDeps } from './deps.ts';
import { type GatheredBatch, gatherBatches } from './gather-batches.ts';
import { processMessages } from './process-messages.ts';
import { processRecall } from './process-recall.ts';
import { processReceipts } from './process-receipts.ts';

/** How often an event that fails by itself, with the stores in reach, is tried before it is buried. */
const ATTEMPTS_ALONE = 3;

type ConsumedTopic = 'messages' | 'receipts';
type Process<T extends ConsumedTopic> = (records: LogRecord<T>[], guard: () => void) => Promise<void>;

/** Consumes both topics until disposed; disposing lets the batches in work end. */
export async function startWorker(deps: WorkerDeps): Promise<AsyncDisposable> {
  const consumers: Consumer[] = [
    await consume(deps, 'messages', (records, guard) => messages(deps, records, guard)),
    await consume(deps, 'receipts', (records, guard) => receipts(deps, records, guard)),
  ];
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    },
  };
}

function consume<T extends ConsumedTopic>(
  deps: WorkerDeps,
  topic: T,
  process: Process<T>,
): Promise<Consumer> {
  return deps.log.consume(
    topic,
    gatherBatches((batch) => processBatch(deps, topic, batch, process)),
  );
}

/**
 * One batch. Where a store is out of reach, all of it comes again. Where it fails for another reason, its
 * partitions, and of a single one its events, are tried one by one, so that one that cannot be carried out does not hold
 * up the others.
 */
async function processBatch<T extends ConsumedTopic>(
  deps: WorkerDeps,
  topic: T,
  batch: GatheredBatch<T>,
  process: Process<T>,
): Promise<void> {
  deps.metrics.batchSize.observe(batch.records.length);
  const guard = () => {
    if (!batch.owned()) throw new StoreUnavailable('event log', 'the partition moved to another worker');
  };
  try {
    await process(batch.records, guard);
  } catch (error) {
    deps.metrics.retries.inc({ stage: topic });
    if (error instanceof StoreUnavailable) {
      deps.logger.warn({ err: error, topic, partitions: batch.partitions }, 'a batch waits for its stores');
      throw error;
    }
    const several = batch.partitions.length > 1;
    deps.logger.error(
      { err: error, topic, partitions: batch.partitions },
      `a batch failed; its ${several ? 'partitions' : 'events'} are tried one by one`,
    );
    if (several) throw error;
    for (const record of batch.records) await processAlone(deps, record, process, guard);
  }
}

async function processAlone<T extends ConsumedTopic>(
  deps: WorkerDeps,
  record: LogRecord<T>,
  process: Process<T>,
  guard: () => void,
): Promise<void> {
  let detail = '';
  for (let attempt = 1; attempt <= ATTEMPTS_ALONE; attempt++) {
    try {
      return await process([record], guard);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      detail = String(error);
    }
  }
  guard();
  await bury(deps, record.key, record.event ?? record.raw, 'failed', detail);
  if (record.event?.kind === 'chat') await tellFailed(deps, record.event);
}

async function tellFailed(
  deps: WorkerDeps,
  { sender_id, msg_id, conversation_id }: ChatEvent,
): Promise<void> {
  const outgoing = new Outgoing();
  const { code } = CODES.internal;
  outgoing.users([sender_id], {
    frame: eventFrame({ type: 'rejected', msg_id, conversation_id, code, error: 'internal' }),
  });
  await outgoing.flush(deps.registry, deps.bus);
}

/** Messages first: a recall in the same batch concerns one that is stored already. */
async function messages(
  deps: WorkerDeps,
  records: LogRecord<'messages'>[],
  guard: () => void,
): Promise<void> {
  const known = await buryUnknown(deps, records, (event) =>
    event.kind === 'chat' ? isChatEvent(event) : event.kind === 'recall',
  );
  await processMessages(
    deps,
    known.filter((event) => event.kind === 'chat'),
    guard,
  );
  for (const event of known) {
    if (event.kind === 'recall') await processRecall(deps, event, guard);
  }
}

async function receipts(
  deps: WorkerDeps,
  records: LogRecord<'receipts'>[],
  guard: () => void,
): Promise<void> {
  const known = await buryUnknown(
    deps,
    records,
    (event) => event.kind === 'cursor' || event.kind === 'inbox_cursor',
  );
  await processReceipts(deps, known, guard);
}

/** Gives the events that this version understands; the others go to the dead letters. */
async function buryUnknown<T extends ConsumedTopic>(
  deps: WorkerDeps,
  records: LogRecord<T>[],
  understood: (event: LogTopics[T]) => boolean,
): Promise<LogTopics[T][]> {
  const known: LogTopics[T][] = [];
  for (const { event, key, raw } of records) {
    if (event && typeof event === 'object' && event.v === EVENT_VERSION && understood(event))
      known.push(event);
    else await bury(deps, key, event ?? raw, 'bad_event', 'Not an event that this version understands.');
  }
  return known;
}
