import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, test } from 'node:test';
import { type ConsumerConfig, Kafka, logLevel, type PartitionAssigner, PartitionAssigners } from 'kafkajs';
import { createKafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { createKafkaEventLog } from '../../src/adapters/kafka/kafka-event-log.ts';
import { partitionOf } from '../../src/adapters/kafka/murmur2.ts';
import type { Batch, EventLog } from '../../src/ports/event-log.ts';
import { chatEvent, range } from '../contract/samples.ts';
import { createGate, until } from '../contract/wait.ts';
import { startPausableProxy } from '../harness/pausable-proxy.ts';
import { type Names, openTopics, PLAN, withAdmin } from './kafka-run.ts';
import { serverFrom } from './servers.ts';

const brokers = serverFrom('KAFKA_BROKERS')?.split(',');
/** The coordinator forgets a member that was silent for so long. */
const SESSION_MS = 10_000;
const TAKEN_OVER_MS_MAX = 60_000;
/** Keys of two partitions. */
const [SLOW, QUICK] = keysOfTwoPartitions();

describe('a member of a consumer group', { skip: brokers ? false : 'set KAFKA_BROKERS' }, () => {
  test('finds a key where every other client of Kafka looks for it', async () => {
    await using t = await open();
    const found = new Map<string, number>();
    const keys = range(1, 30).map((i) => `p2p:user${i}:zoë${i}`);
    await Promise.all(keys.map((key) => t.log.append('messages', key, chatEvent())));
    await t.log.consume('messages', async ({ partition, records }) => {
      for (const { key } of records) found.set(key, partition);
    });
    await until('all have come', () => found.size === keys.length);
    for (const [key, partition] of found) assert.equal(partition, partitionOf(key, PLAN.partitions), key);
  });

  test('keeps its partitions while a handler works for longer than a session', async () => {
    await using t = await open();
    const gate = t.gate();
    const calls: string[] = [];
    await t.log.append('messages', SLOW, chatEvent());
    await t.log.consume('messages', async ({ records, owned }) => {
      calls.push(...records.map(({ key }) => key));
      if (records[0]!.key === SLOW) await gate.opened;
      if (!owned()) throw new Error('the partition is no longer its own');
    });
    await until('the slow handler is at work', () => calls.length === 1);
    const before = await t.members();
    const startedAt = performance.now();
    await until('a session would have ended', () => performance.now() - startedAt > 1.5 * SESSION_MS);
    assert.deepEqual(await t.members(), before);
    await t.log.append('messages', QUICK, chatEvent());
    gate.open();
    await t.done();
    assert.deepEqual(calls, [SLOW, QUICK]);
    assert.deepEqual(await t.members(), before);
  });

  test('comes back after an error that its library takes for permanent', async () => {
    await using t = await open();
    const found: string[] = [];
    await t.log.append('messages', SLOW, chatEvent());
    const client = createKafkaClient({ brokers: brokers!, clientId: 'gives-up' });
    const failed = failOnce(client);
    await t.openLog(client).consume('messages', async ({ records }) => {
      found.push(...records.map(({ key }) => key));
    });
    await until('it failed', failed);
    await until('it is back', () => found.length === 1);
    await t.done();
    assert.deepEqual(found, [SLOW]);
  });

  test('whose handler fails rests that partition alone, and stays in its group', async () => {
    await using t = await open();
    let broken = true;
    const failed: number[] = [];
    const handled: string[] = [];
    await t.log.append('messages', SLOW, chatEvent());
    await t.log.consume('messages', async ({ records }) => {
      if (records[0]!.key === SLOW && broken) {
        failed.push(performance.now());
        throw new Error('the stores are out of reach');
      }
      handled.push(...records.map(({ key }) => key));
    });
    await until('it has failed', () => failed.length === 1);
    const before = await t.members();
    for (const i of range(1, 20)) {
      await t.log.append('messages', QUICK, chatEvent());
      await until(`event ${i} of the other partition is handled`, () => handled.length === i);
    }
    await until('it has failed again and again', () => failed.length >= 5);
    const pauses = failed.slice(1).map((at, i) => at - failed[i]!);
    assert.ok(pauses[3]! > 2 * pauses[0]!, `pauses of ${pauses.map(Math.round).join(', ')} ms do not grow`);
    assert.deepEqual(await t.members(), before);
    broken = false;
    await t.done();
    assert.equal(handled.filter((key) => key === SLOW).length, 1);
  });

  test('that was cut off past its session is told, and undoes nothing of who took over', async () => {
    await using t = await open();
    const [host, port] = brokers![0]!.split(':') as [string, string];
    await using proxy = await startPausableProxy({ host, port: Number(port) });
    const cutOff = t.openLog(clientThrough(proxy.port));
    const gate = t.gate();
    const batches: Batch<'messages'>[] = [];
    await t.log.append('messages', SLOW, chatEvent({ content: 'one' }));
    await cutOff.consume('messages', async (batch) => {
      batches.push(batch);
      await gate.opened;
    });
    await until('it has the batch', () => batches.length === 1);
    assert.ok(batches[0]!.owned());
    proxy.pause();
    const contents: string[] = [];
    await t.log.consume('messages', async ({ records }) => {
      contents.push(...records.map(({ event }) => (event?.kind === 'chat' ? event.content : '')));
    });
    await until('the other one took over', () => contents.includes('one'), TAKEN_OVER_MS_MAX);
    assert.equal(batches[0]!.owned(), false);
    await t.log.append('messages', SLOW, chatEvent({ content: 'two' }));
    await until('it goes on', () => contents.includes('two'));
    await t.done();
    proxy.resume();
    gate.open();
    await until('it is a member again', async () => (await t.members()).length === 2, TAKEN_OVER_MS_MAX);
    assert.deepEqual(contents, ['one', 'two']);
    assert.deepEqual(
      batches.flatMap(({ records }) => records.map(({ event }) => event!.kind === 'chat' && event!.content)),
      ['one'],
    );
  });
});

/** A log with topics of its own, and what the server says of its group. */
async function open() {
  const stack = new AsyncDisposableStack();
  const kafka = createKafkaClient({ brokers: brokers!, clientId: 'consumer-test' });
  const { names } = stack.use(await openTopics(kafka));
  const openLog = (client: Kafka): EventLog => stack.use(logOn(client, names));
  const log = openLog(kafka);
  return {
    log,
    openLog,
    /** For handlers; it is opened at the end at the latest, because a handler that waits holds up its consumer's end. */
    gate() {
      const gate = createGate();
      stack.defer(gate.open);
      return gate;
    },
    /** Ids of the members, each of which the coordinator gives once. */
    members: () =>
      withAdmin(kafka, async (admin) => {
        const { groups } = await admin.describeGroups([names.messages.group]);
        return groups[0]!.members.map(({ memberId }) => memberId).sort();
      }),
    done: () =>
      until('nothing is left', async () => (await log.lag('messages')).every(({ lag }) => lag === 0)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function logOn(kafka: Kafka, names: Names): EventLog {
  return createKafkaEventLog({ kafka, partitions: PLAN.partitions, queueMax: 100, names });
}

/** All its connections go by the proxy, whatever address a broker gives for itself. */
function clientThrough(port: number): Kafka {
  return new Kafka({
    brokers: brokers!,
    clientId: 'cut-off',
    requestTimeout: 3000,
    logLevel: logLevel.NOTHING,
    socketFactory: ({ onConnect }) => net.connect(port, '127.0.0.1', onConnect),
  });
}

/** Its consumers cannot share out partitions at first, and kafkajs does not try that again. Tells whether it came to that. */
function failOnce(kafka: Kafka): () => boolean {
  let failed = false;
  const consumer = kafka.consumer.bind(kafka);
  const failing: PartitionAssigner = (config) => {
    const assigner = PartitionAssigners.roundRobin(config);
    return {
      ...assigner,
      async assign(group) {
        if (failed) return assigner.assign(group);
        failed = true;
        throw new Error('partitions cannot be shared out');
      },
    };
  };
  kafka.consumer = (config) => consumer({ ...config, partitionAssigners: [failing] } as ConsumerConfig);
  return () => failed;
}

function keysOfTwoPartitions(): [string, string] {
  const keys = range(1, 100).map((i) => `key-${i}`);
  const partition = (key: string) => partitionOf(key, PLAN.partitions);
  return [keys[0]!, keys.find((key) => partition(key) !== partition(keys[0]!))!];
}
