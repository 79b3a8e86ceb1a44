import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Kafka, Message, ProducerConfig } from 'kafkajs';
import { until } from '../../../tests/contract/wait.ts';
import { StoreUnavailable } from '../../ports/errors.ts';
import { createSender, type Sender } from './kafka-sender.ts';

/** A send that the test answers, as a broker would. */
interface Send {
  /** When it began, by `performance.now()`. */
  at: number;
  values: string[];
  acks: number | undefined;
  answer(): void;
  refuse(): void;
}

interface FakeProducer {
  config: ProducerConfig;
  sends: Send[];
  /** Sends under way at once, at most. */
  overlap: number;
  connected: boolean;
  disconnected: boolean;
}

/** A client whose producers do what the test says; each is kept in the order in which they were made. */
function fakeKafka() {
  const producers: FakeProducer[] = [];
  let reachable = true;
  const producer = (config: ProducerConfig) => {
    const fake: FakeProducer = { config, sends: [], overlap: 0, connected: false, disconnected: false };
    producers.push(fake);
    let underWay = 0;
    return {
      connect: async () => {
        if (!reachable) throw new Error('nobody answers');
        fake.connected = true;
      },
      disconnect: async () => {
        fake.disconnected = true;
      },
      send: ({ acks, messages }: { acks?: number; messages: Message[] }) => {
        underWay += 1;
        fake.overlap = Math.max(fake.overlap, underWay);
        return new Promise<void>((resolve, reject) => {
          const end = (how: () => void) => () => {
            underWay -= 1;
            how();
          };
          const values = messages.map(({ value }) => String(value));
          fake.sends.push({
            at: performance.now(),
            values,
            acks,
            answer: end(resolve),
            refuse: end(() => reject(new Error('the request failed'))),
          });
        });
      },
    };
  };
  return {
    kafka: { producer } as unknown as Kafka,
    producers,
    setReachable(value: boolean) {
      reachable = value;
    },
  };
}

function open({ kafka }: { kafka: Kafka }, queueMax = 100, queueBytesMax = 1000): Sender {
  return createSender({ kafka, topic: 'topic', queueMax, queueBytesMax });
}

/** Everything that can happen without an answer or a clock has happened. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time stands still until the test lets it pass. */
function holdTime(t: TestContext): (ms: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return async (ms) => {
    t.mock.timers.tick(ms);
    await turns();
  };
}

test('one send is under way at a time, and what comes meanwhile goes along with the next', async () => {
  const fake = fakeKafka();
  const sender = open(fake);
  const first = [sender.send('k', '1'), sender.send('k', '2')];
  await turns();
  const later = [sender.send('k', '3'), sender.send('j', '4')];
  await turns();
  const [producer] = fake.producers as [FakeProducer];
  assert.deepEqual(
    producer.sends.map(({ values }) => values),
    [['1', '2']],
  );
  producer.sends[0]!.answer();
  await Promise.all(first);
  await turns();
  assert.deepEqual(producer.sends[1]!.values, ['3', '4']);
  producer.sends[1]!.answer();
  await Promise.all(later);
  assert.equal(producer.overlap, 1);
  assert.equal(fake.producers.length, 1);
});

test('after a send of many events the next one waits for some milliseconds, after one of few it does not', async () => {
  const fake = fakeKafka();
  const sender = open(fake);
  const sendAll = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => sender.send('k', `${i}`)));
  const many = sendAll(8);
  await turns();
  const [{ sends }] = fake.producers as [FakeProducer];
  sends[0]!.answer();
  await many;
  const few = sendAll(7);
  await until('the next send', () => sends.length === 2);
  // A timer of 6 ms counts from when the turn of the event loop began.
  assert.ok(sends[1]!.at - sends[0]!.at >= 4, `${sends[1]!.at - sends[0]!.at} ms`);
  sends[1]!.answer();
  await few;
  const one = sender.send('k', '1');
  await turns();
  assert.equal(sends.length, 3);
  sends[2]!.answer();
  await one;
});

test('every send is acknowledged by all replicas in sync, by an idempotent producer', async () => {
  const fake = fakeKafka();
  const sent = open(fake).send('k', '1');
  await turns();
  const [producer] = fake.producers as [FakeProducer];
  assert.equal(producer.config.idempotent, true);
  assert.equal(producer.config.maxInFlightRequests, 1);
  assert.equal(producer.config.allowAutoTopicCreation, false);
  assert.equal(producer.sends[0]!.acks, -1);
  producer.sends[0]!.answer();
  await sent;
});

test('after a send that failed its producer is never used again, and what waited is refused', async () => {
  const fake = fakeKafka();
  const sender = open(fake);
  const failing = sender.send('k', '1');
  await turns();
  const waiting = sender.send('k', '2');
  const outcomes = Promise.allSettled([failing, waiting]);
  fake.producers[0]!.sends[0]!.refuse();
  for (const outcome of await outcomes) {
    assert.ok(outcome.status === 'rejected' && outcome.reason instanceof StoreUnavailable);
  }
  await turns();
  const next = sender.send('k', '3');
  await turns();
  const [first, second] = fake.producers as [FakeProducer, FakeProducer];
  assert.equal(first.sends.length, 1);
  assert.equal(first.disconnected, true);
  assert.deepEqual(second.sends[0]!.values, ['3']);
  second.sends[0]!.answer();
  await next;
});

test('a send without an answer has failed within 5 s, and its producer is thrown away', async (t) => {
  const pass = holdTime(t);
  const fake = fakeKafka();
  const sender = open(fake);
  const hanging = assert.rejects(sender.send('k', '1'), /no answer within/);
  await turns();
  await pass(5000);
  await hanging;
  const next = sender.send('k', '2');
  await turns();
  fake.producers[0]!.sends[0]!.answer();
  await turns();
  const [first, second] = fake.producers as [FakeProducer, FakeProducer];
  assert.equal(first.sends.length, 1, 'an answer that comes too late brings no producer back');
  second.sends[0]!.answer();
  await next;
});

test('while nobody can be reached appends are refused at once, and taken again afterwards', async () => {
  const fake = fakeKafka();
  const sender = open(fake);
  const failing = assert.rejects(sender.send('k', '1'), StoreUnavailable);
  await turns();
  fake.setReachable(false);
  fake.producers[0]!.sends[0]!.refuse();
  await failing;
  await turns();
  const outcome = sender.send('k', '2').then(
    () => 'taken',
    () => 'refused',
  );
  assert.equal(await Promise.race([outcome, turns().then(() => 'waits')]), 'refused');
  assert.equal(fake.producers[0]!.sends.length, 1);
  fake.setReachable(true);
  await until('a producer is connected', () => fake.producers.at(-1)!.connected);
  const next = sender.send('k', '3');
  await turns();
  fake.producers.at(-1)!.sends[0]!.answer();
  await next;
});

test('one append more than may wait is refused at once', async () => {
  const fake = fakeKafka();
  const sender = open(fake, 2);
  const first = sender.send('k', '1');
  await turns();
  const waiting = [sender.send('k', '2'), sender.send('k', '3')];
  await turns();
  await assert.rejects(sender.send('k', '4'), /2 events wait already/);
  const [producer] = fake.producers as [FakeProducer];
  producer.sends[0]!.answer();
  await first;
  await turns();
  producer.sends[1]!.answer();
  await Promise.all(waiting);
});

test('one append with more bytes than may wait is refused at once, and there is room when the others are gone', async () => {
  const fake = fakeKafka();
  const sender = open(fake, 100, 10);
  const first = sender.send('k', '123456');
  await turns();
  const second = sender.send('k', '1234567');
  await turns();
  await assert.rejects(sender.send('k', 'äö'), /1 events wait already/);
  const [producer] = fake.producers as [FakeProducer];
  producer.sends[0]!.answer();
  await first;
  await turns();
  const third = sender.send('k', '1234567890');
  await turns();
  producer.sends[1]!.answer();
  await second;
  await turns();
  producer.sends[2]!.answer();
  await third;
});

test('what was refused with its producer is not counted as waiting', async () => {
  const fake = fakeKafka();
  const sender = open(fake, 100, 10);
  const first = sender.send('k', '1');
  await turns();
  const second = sender.send('k', '1234567890');
  await turns();
  fake.producers[0]!.sends[0]!.refuse();
  await assert.rejects(first);
  await assert.rejects(second);
  await until('a producer is connected', () => fake.producers[1]?.connected ?? false);
  const third = sender.send('k', '1234567890');
  await turns();
  fake.producers[1]!.sends[0]!.answer();
  await third;
});
