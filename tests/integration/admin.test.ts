import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createKafkaClient } from '../../src/adapters/kafka/kafka-client.ts';
import { createKafkaEventLog } from '../../src/adapters/kafka/kafka-event-log.ts';
import { migrateKafka } from '../../src/adapters/kafka/kafka-migrate.ts';
import { KAFKA_NAMES } from '../../src/adapters/kafka/kafka-topics.ts';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import { createRedisGateways } from '../../src/adapters/redis/redis-gateways.ts';
import { createRedisInbox } from '../../src/adapters/redis/redis-inbox.ts';
import { createRedisRegistry } from '../../src/adapters/redis/redis-registry.ts';
import { createRedisSequencer } from '../../src/adapters/redis/redis-sequencer.ts';
import { parseAdmin } from '../../src/cli/admin-arguments.ts';
import type { BatchHandler, EventLog } from '../../src/ports/event-log.ts';
import { type ChatEvent, type DeadLetter, EVENT_VERSION, type Topic } from '../../src/ports/log-events.ts';
import type { NewMessage } from '../../src/ports/messages.ts';
import type { Operations } from '../../src/ports/operations.ts';
import { directConversationId } from '../../src/protocol/ids.ts';
import { createOperations } from '../../src/roles/admin/operations.ts';
import { eventually } from '../harness/eventually.ts';
import { createMigratedDatabase } from './mysql-databases.ts';
import { connectScoped } from './redis-fixture.ts';
import { serverFrom } from './servers.ts';

const brokers = serverFrom('KAFKA_BROKERS')?.split(',');
const mysqlUrl = serverFrom('MYSQL_URL');
const redisUrl = serverFrom('REDIS_URL');
const PLAN = { partitions: 3, replicationFactor: 1, retentionMs: 3_600_000 };
const INBOX = { length: 10, ttlMs: 60_000 };

type Servers = Awaited<ReturnType<typeof openServers>>;

if (brokers && mysqlUrl && redisUrl) {
  describe('admin on real servers', () => {
    let servers: Servers;
    before(async () => {
      servers = await openServers(brokers, mysqlUrl, redisUrl);
    });
    after(() => servers.stack.disposeAsync());

    lagTests(() => servers);
    deadLetterTests(() => servers);
    redisTests(() => servers);
    conversationTests(() => servers);
  });
} else {
  const skip = 'set KAFKA_BROKERS, MYSQL_URL and REDIS_URL';
  describe('admin on real servers', () => void test('runs', { skip }, () => {}));
}

/** Everything under names of its own. */
async function openServers(brokerList: string[], mysql: string, redisServer: string) {
  const stack = new AsyncDisposableStack();
  const { redis, shards, scope } = stack.use(await connectScoped(redisServer));
  const database = stack.use(await createMigratedDatabase(mysql));
  const timeline = stack.use(createMysqlTimeline({ url: database.url }));
  const kafka = createKafkaClient({ brokers: brokerList, clientId: 'admin-test' });
  const names = namesOfRun();
  await migrateKafka(kafka, PLAN, names);
  const admin = kafka.admin();
  await admin.connect();
  stack.defer(() => admin.disconnect());
  stack.defer(() => admin.deleteTopics({ topics: Object.values(names).map(({ topic }) => topic) }));
  const log = stack.use(
    createKafkaEventLog({ kafka, partitions: PLAN.partitions, queueMax: 1000, names, batchMax: 1 }),
  );
  const inbox = createRedisInbox({ shards, ...INBOX });
  const operations = createOperations({ kafka, redis: shards, log, timeline, inbox, now: Date.now, names });
  /** What the command prints, as a program reads it. */
  const run = async (line: string) => {
    const { json } = await parseAdmin(line.split(' ')).run(operations as Operations);
    return JSON.parse(JSON.stringify(json));
  };
  return { stack, redis, shards, scope, timeline, log, inbox, admin, names, run };
}

function namesOfRun(): typeof KAFKA_NAMES {
  const run = randomBytes(4).toString('hex');
  const own = Object.entries(KAFKA_NAMES).map(([topic, names]) => [
    topic,
    { topic: `${names.topic}.${run}`, group: `${names.group}.${run}` },
  ]);
  return Object.fromEntries(own) as Record<Topic, { topic: string; group: string }>;
}

function chatEvent(msg_id: string): ChatEvent {
  return {
    v: EVENT_VERSION,
    kind: 'chat',
    gateway_id: 'gw',
    session_id: 's',
    conversation_id: 'p2p:ada:bob',
    msg_id,
    sender_id: 'ada',
    msg_type: 1,
    content: 'what was written',
    send_time: Date.now(),
  };
}

/** Consumes until one event was handed out and committed, then refuses, so that the rest waits. */
async function consumeOne(log: EventLog): Promise<void> {
  let handled = 0;
  const handler: BatchHandler<'messages'> = async () => {
    handled += 1;
    if (handled > 1) throw new Error('no more');
  };
  const consumer = await log.consume('messages', handler);
  await eventually('a second event is handed out', async () => handled > 1);
  await consumer.stop();
}

function lagTests(servers: () => Servers): void {
  test('lag is told by partition, with the age of the first event that waits', async () => {
    const { log, run, names } = servers();
    const untouched = await run('lag');
    assert.equal(untouched.length, 2 * PLAN.partitions);
    for (const place of untouched)
      assert.deepEqual({ ...place, committed: null, lag: 0, ageMs: null }, place);

    const began = Date.now();
    for (const id of ['a', 'b', 'c']) await log.append('messages', 'one-key', chatEvent(id));
    await consumeOne(log);
    const places = (await run('lag')) as { topic: string; committed: number; lag: number; ageMs: number }[];
    const behind = places.filter(({ lag }) => lag > 0);
    assert.equal(behind.length, 1);
    const { topic, committed, lag, ageMs } = behind[0]!;
    assert.deepEqual({ topic, committed, lag }, { topic: names.messages.topic, committed: 1, lag: 2 });
    assert.ok(ageMs >= 0 && ageMs <= Date.now() - began + 1000, `${ageMs} ms`);
  });
}

function deadLetterTests(servers: () => Servers): void {
  test('dead letters are listed, shown and replayed, and no consumer group is left behind', async () => {
    const { log, run, admin, names } = servers();
    assert.deepEqual(await run('dlq list'), { letters: [], next: null });
    const before = await groupsOf(admin);
    const bury = (reason: DeadLetter['reason'], event: unknown) =>
      log.append('dead_letters', 'p2p:ada:bob', {
        v: EVENT_VERSION,
        kind: 'dead_letter',
        reason,
        detail: 'why',
        time: Date.now(),
        event,
      });
    await bury('failed', chatEvent('lost'));
    await bury('bad_event', 'not JSON');
    await bury('conflict', chatEvent('taken'));

    const offsets = (page: { letters: { offset: number }[] }) => page.letters.map(({ offset }) => offset);
    const all = await run('dlq list');
    assert.deepEqual(offsets(all), [0, 1, 2]);
    assert.doesNotMatch(JSON.stringify(all), /what was written/);
    assert.deepEqual(offsets(await run('dlq list --limit 1')), [2]);
    const first = await run('dlq list --from 0 --limit 2');
    assert.deepEqual([offsets(first), first.next], [[0, 1], 2]);
    assert.deepEqual(offsets(await run('dlq list --reason conflict')), [2]);

    const shown = await run('dlq show 0 --content');
    assert.equal(shown.event.content, 'what was written');
    assert.doesNotMatch(JSON.stringify(await run('dlq show 0')), /what was written/);
    await assert.rejects(run('dlq show 3'), /no dead letter at offset 3/);
    assert.deepEqual(await groupsOf(admin), before);
    assert.deepEqual(await committedOf(servers(), 'dead_letters'), [-1]);
    const { topic } = names.messages;
    const end = async () => sum((await admin.fetchTopicOffsets(topic)).map(({ high }) => Number(high)));
    const endBefore = await end();
    assert.equal((await run('dlq replay --all')).done, false);
    assert.equal(await end(), endBefore, 'nothing without --yes');
    assert.equal((await run('dlq replay --all --yes')).done, true);
    assert.equal(await end(), endBefore + 2, 'not the one of no kind');
  });

  test('what is replayed is the event as it was, under its key', async () => {
    const { log, run } = servers();
    const event = chatEvent('again');
    await log.append('dead_letters', event.conversation_id, {
      v: EVENT_VERSION,
      kind: 'dead_letter',
      reason: 'failed',
      detail: 'why',
      time: Date.now(),
      event,
    });
    const { letters } = await run('dlq list --limit 1');
    await run(`dlq replay ${letters[0].offset} --yes`);
    const seen: { key: string; event: unknown }[] = [];
    const consumer = await log.consume('messages', async ({ records }) => {
      seen.push(...records.map(({ key, event }) => ({ key, event })));
    });
    const found = await eventually('the event is handed out', async () =>
      seen.find((record) => (record.event as ChatEvent).msg_id === 'again'),
    );
    await consumer.stop();
    assert.deepEqual(found, { key: event.conversation_id, event });
  });
}

async function groupsOf(admin: Servers['admin']): Promise<string[]> {
  const { groups } = await admin.listGroups();
  return groups
    .map(({ groupId }) => groupId)
    .filter((id) => id.startsWith('im-admin.'))
    .sort();
}

async function committedOf({ admin, names }: Servers, topic: Topic): Promise<number[]> {
  const { group, topic: name } = names[topic];
  const [found] = await admin.fetchOffsets({ groupId: group, topics: [name] });
  return found!.partitions.map(({ offset }) => Number(offset));
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function redisTests(servers: () => Servers): void {
  test('routes show devices, sessions and the sign of life of their gateways', async () => {
    const { shards, scope, run } = servers();
    const user_id = scope.name('ada');
    const gateways = [scope.name('gw-1'), scope.name('gw-2')];
    const registry = createRedisRegistry({ shards, ttlMs: 60_000 });
    for (const [i, gateway_id] of gateways.entries()) {
      const route = { user_id, device_id: `device-${i}`, gateway_id, session_id: `session-${i}` };
      await registry.register(route, 5);
    }
    const signs = createRedisGateways(shards);
    await signs.sign(gateways[0]!, 1);
    after(() => signs.forget(gateways[0]!));
    const routes = await run(`routes ${user_id}`);
    assert.deepEqual(
      routes.map((route: { device_id: string; gateway_id: string; session_id: string }) => [
        route.device_id,
        route.gateway_id,
        route.session_id,
      ]),
      [
        ['device-0', gateways[0], 'session-0'],
        ['device-1', gateways[1], 'session-1'],
      ],
    );
    const [first, second] = routes;
    assert.ok(first.since <= first.gateway_seen_at && first.gateway_seen_at <= first.now);
    assert.equal(second.gateway_seen_at, null);
    assert.deepEqual(await run(`routes ${scope.name('nobody')}`), []);
  });

  test('an inbox is looked at without being begun, and dropped as a whole with --yes alone', async () => {
    const { redis, scope, inbox, run } = servers();
    const user = scope.name('bob');
    assert.equal((await run(`inbox rebuild ${user}`)).before, null);
    assert.deepEqual(await redis.keys(`im:inbox:{${user}}*`), []);

    const message = { ...chatEvent('m'), seq: 1, client_time: null, recalled_at: null, content_digest: null };
    await inbox.append([{ userId: user, message }]);
    const { before } = await run(`inbox rebuild ${user}`);
    assert.deepEqual(before, { ...(await inbox.head(user)), length: 1 });
    const rebuilt = await run(`inbox rebuild ${user} --yes`);
    assert.deepEqual(rebuilt.before, before);
    assert.deepEqual(rebuilt.after, await inbox.head(user));
    assert.notEqual(rebuilt.after.epoch, before.epoch);
    assert.equal((await inbox.read(user, before.epoch, 1, 10)).resync, true);
    assert.deepEqual((await inbox.read(user, rebuilt.after.epoch, 0, 10)).entries, []);
    assert.deepEqual((await inbox.append([{ userId: user, message }])).seqs, [1], 'numbers begin anew');
  });
}

function conversationTests(servers: () => Servers): void {
  test('a conversation shows head, counter, cursors and who wrote when, but never what', async () => {
    const { shards, scope, timeline, run } = servers();
    const [ada, bob] = [scope.name('ada'), scope.name('bob')];
    const conversation_id = directConversationId(ada, bob);
    await assert.rejects(run(`conversation ${conversation_id}`), /There is no conversation/);
    const message = (msg_id: string): NewMessage => ({
      conversation_id,
      msg_id,
      sender_id: ada,
      msg_type: 1,
      content: 'what was written',
      send_time: 1_790_000_000_000,
      client_time: null,
    });
    await timeline.store(['1', '2', '3'].map(message), async () => {});
    assert.equal((await run(`conversation ${conversation_id}`)).counter, null);
    await createRedisSequencer(shards).take([{ conversationId: conversation_id, count: 4 }]);

    const state = await run(`conversation ${conversation_id} --limit 2`);
    assert.equal(state.head_seq, 3);
    assert.equal(state.counter, 4);
    assert.deepEqual(
      state.cursors.map(({ user_id, own_seq }: { user_id: string; own_seq: number }) => [user_id, own_seq]),
      [
        [ada, 3],
        [bob, 0],
      ],
    );
    assert.deepEqual(
      state.messages.map(({ seq }: { seq: number }) => seq),
      [2, 3],
    );
    assert.doesNotMatch(JSON.stringify(state), /what was written|content/);
  });

  test('a group shows itself, also before its first message', async () => {
    const { timeline, run } = servers();
    const group_id = `group_${randomBytes(6).toString('hex')}`;
    const group = { group_id, name: 'Readers', owner_id: 'ada', history: 'all' as const, created_at: 1 };
    await timeline.createGroup(group, ['bob']);
    const state = await run(`conversation ${group_id}`);
    assert.deepEqual(state.group, { ...group, member_count: 2 });
    assert.equal(state.cursors.length, 2);
    assert.deepEqual(state.messages, []);
  });
}
