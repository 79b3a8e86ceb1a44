import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Kafka, Producer } from 'kafkajs';
import { createPool } from 'mysql2/promise';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { createKafkaClient } from '../../../src/adapters/kafka/kafka-client.ts';
import { letGoOfCommands } from '../../../src/adapters/redis/redis-command.ts';
import { directConversationId } from '../../../src/protocol/ids.ts';
import { CMD } from '../../../src/protocol/packets.ts';
import { type BarePush, type Chat, namesOf } from './bare-chat.ts';
import { createBareStore } from './bare-store.ts';
import { createCarefulStore } from './careful-store.ts';
import { PARTITIONS } from './kafka-topics.ts';
import { CONNECTIONS } from './plain-insert.ts';

/**
 * The yardstick of a message's way: a front and a back that do with the same libraries and servers what cannot be left
 * out, and nothing else. The front appends what clients send to Kafka, durably, and answers; the back stores and
 * publishes (`bare-store.ts`, or `careful-store.ts`); the front passes on. No login is checked, nothing is limited, there
 * are no groups and no second process of a kind, and what fails ends it.
 */
interface Packet {
  cmd: number;
  msg_id: string;
  payload: { token: string; to: string; content: string };
}

const { BARE_ROLE, BARE_KEEPS, BARE_NAME, KAFKA_BROKERS, MYSQL_URL, REDIS_URL } = process.env;
/** Of the topic, the group and the channel. */
const NAME = BARE_NAME!;
const kafka = createKafkaClient({ brokers: KAFKA_BROKERS!.split(','), clientId: 'bare' });
letGoOfCommands();
const redis = new Redis(REDIS_URL!);

process.on('disconnect', () => process.exit(0));
process.send!({ port: await (BARE_ROLE === 'front' ? startFront() : startBack()) });

async function startFront(): Promise<number> {
  const sockets = new Map<string, WebSocket>();
  const append = await openAppend(kafka);
  const http = createServer();
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket) => {
    let user = '';
    socket.on('message', async (frame: RawData) => {
      const { cmd, msg_id, payload } = JSON.parse(frame.toString()) as Packet;
      if (cmd === CMD.login) {
        user = userOf(payload.token);
        sockets.set(user, socket);
        const route = { gateway_id: NAME, expires_at: Number.MAX_SAFE_INTEGER };
        await redis.hset(namesOf(NAME).routes(user), 'device', JSON.stringify(route));
        socket.send(JSON.stringify({ cmd, code: 0 }));
        return;
      }
      const { to, content } = payload;
      const conversation = directConversationId(user, to);
      const chat: Chat = { conversation, sender: user, receiver: to, msg_id, content, time: Date.now() };
      await append(conversation, JSON.stringify(chat));
      socket.send(JSON.stringify({ cmd, code: 0, msg_id, payload: { send_time: chat.time } }));
    });
  });
  const bus = redis.duplicate();
  await bus.subscribe(namesOf(NAME).channel);
  bus.on('message', (_, message) => {
    for (const { users, frame } of JSON.parse(message) as BarePush[]) {
      for (const user of users) sockets.get(user)?.send(frame);
    }
  });
  await new Promise<void>((resolve) => http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, resolve));
  return (http.address() as AddressInfo).port;
}

/** One append at a time; what comes meanwhile goes along with the next. */
async function openAppend(kafka: Kafka): Promise<(key: string, value: string) => Promise<void>> {
  const producer: Producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  let waiting: { key: string; value: string; done: () => void }[] = [];
  let sending = false;
  async function drain(): Promise<void> {
    sending = true;
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await producer.send({
        topic: NAME,
        acks: -1,
        messages: batch.map(({ key, value }) => ({ key, value })),
      });
      for (const { done } of batch) done();
    }
    sending = false;
  }
  return (key, value) =>
    new Promise((done) => {
      waiting.push({ key, value, done });
      if (!sending) void drain();
    });
}

/** Who a token belongs to, taken at its word. */
function userOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).sub;
}

async function startBack(): Promise<number> {
  const pool = createPool({ uri: MYSQL_URL, connectionLimit: CONNECTIONS, multipleStatements: true });
  const consumer = kafka.consumer({ groupId: NAME, maxWaitTimeInMs: 1000 });
  await consumer.connect();
  await consumer.subscribe({ topic: NAME, fromBeginning: true });
  const joined = new Promise<void>(
    (resolve) => void consumer.on(consumer.events.GROUP_JOIN, () => resolve()),
  );
  const create = BARE_KEEPS === 'promises' ? createCarefulStore : createBareStore;
  const store = together(create(pool, redis, NAME));
  await consumer.run({
    // It never starts again, so where it would go on need not be known.
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    async eachBatch({ batch }) {
      await store(batch.messages.map(({ value }) => JSON.parse(value!.toString())));
    },
  });
  await joined;
  process.on('SIGTERM', () => void consumer.disconnect().finally(() => process.exit()));
  return 0;
}

/** What comes in the same turn of the event loop, as the partitions of one fetch do, is worked on as one. */
function together<T>(work: (items: T[]) => Promise<void>): (items: T[]) => Promise<void> {
  let waiting: T[] = [];
  let done: Promise<void>;
  async function workOff(): Promise<void> {
    await nextTurn();
    const items = waiting;
    waiting = [];
    await work(items);
  }
  return (items) => {
    if (waiting.length === 0) done = workOff();
    waiting.push(...items);
    return done;
  };
}
