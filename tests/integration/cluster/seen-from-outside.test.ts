import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { until } from '../../contract/wait.ts';
import { createGroup } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { p2p } from '../../harness/names.ts';
import type { Packet, RawClient } from '../../harness/raw-client.ts';
import { heartbeat, logInAll, sayAll } from '../../harness/talk.ts';
import { countEvents, readEvents } from './log-reader.ts';

const WEEK_SECONDS = 604_800;
const INBOX_LENGTH = 1000;
const ACKS = 1000;
/** A worker takes up to 500 events at once, and what one batch says of a cursor is one write; what it had fetched before it stood still is a batch too. */
const WRITES_MAX = 4;
/** Said in a row; as many as a client of the tests can follow at once. */
const BURST = 100;
const OPTIONS = { gateways: 2, workers: 2, env: { MESSAGES_PER_SECOND: '100000' }, tapMysql: true };

describe('what other programs see of a cluster', { skip: NO_SERVERS, timeout: 240_000 }, () => {
  let cluster: Cluster;
  let redis: Redis;
  let mysql: Pool;
  let [alice, bob] = [] as unknown as [RawClient, RawClient];
  let [group, direct] = ['', ''];
  let inGroup: Packet[] = [];
  const directly: Packet[] = [];

  before(async () => {
    cluster = await startCluster(OPTIONS);
    redis = new Redis(cluster.stores.redisUrl);
    mysql = createPool({ uri: cluster.stores.mysqlUrl, connectionLimit: 1 });
    [alice, bob] = (await logInAll(cluster, 'alice', 'bob')) as [RawClient, RawClient];
    group = await createGroup(cluster, alice.userId, [bob.userId]);
    direct = p2p(alice.userId, bob.userId);
  });

  after(async () => {
    redis?.disconnect();
    await mysql?.end();
    await cluster?.[Symbol.asyncDispose]();
  });

  test('accepted chats ask MySQL nothing on their way through a gateway', async () => {
    await sayAll(alice, group, ['the first one looks the group up']);
    const { statements } = cluster.taps!.gateway;
    const asked = statements.length;
    assert.ok(asked > 0, 'the tap sees nothing at all');
    for (let i = 0; i < INBOX_LENGTH + BURST; i += BURST) {
      directly.push(...(await sayAll(alice, direct, texts(i))));
    }
    inGroup = await sayAll(alice, group, texts(0));
    assert.deepEqual(statements.slice(asked), []);
  });

  test('Redis counts the numbers of each conversation', async () => {
    assert.equal(await redis.get(`im:seq:${group}`), String(1 + BURST));
    assert.equal(await redis.get(`im:seq:${direct}`), String(directly.length));
    await sayAll(bob, group, ['one more']);
    assert.equal(await redis.get(`im:seq:${group}`), String(2 + BURST));
  });

  test('an inbox in Redis holds the newest 1,000 direct messages, for a week', async () => {
    const key = `im:inbox:{${bob.userId}}`;
    const held = await redis.zrange(key, '0', '-1', 'WITHSCORES');
    const members = held.filter((_, i) => i % 2 === 0).map((member) => JSON.parse(member));
    const scores = held.filter((_, i) => i % 2 === 1).map(Number);
    const newest = directly.slice(-INBOX_LENGTH);
    assert.deepEqual(
      members.map((it) => [it.conversation_id, it.seq, it.msg_id, it.content]),
      newest.map(({ seq, msg_id, payload }) => [direct, seq, msg_id, payload.content]),
    );
    const { inbox } = (await heartbeat(bob)).payload;
    assert.deepEqual(
      scores,
      newest.map((_, i) => inbox.seq - newest.length + 1 + i),
    );
    const ttl = await redis.ttl(key);
    assert.ok(ttl > 0 && ttl <= WEEK_SECONDS, `it lives for ${ttl} s`);
  });

  test('MySQL holds each message as a row of timeline_message', async () => {
    const [rows] = await mysql.query<RowDataPacket[]>(
      'SELECT seq, msg_id, sender_id, msg_type, content, send_time FROM timeline_message WHERE conversation_id = ? ORDER BY seq',
      [direct],
    );
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      directly.map(({ seq, msg_id, payload }) => ({
        seq,
        msg_id,
        sender_id: alice.userId,
        msg_type: 1,
        content: payload.content,
        send_time: payload.send_time,
      })),
    );
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      directly.map((_, i) => i + 1),
    );
  });

  test('Kafka holds each message under its conversation, and a conversation in one partition', async () => {
    const entries = await readEvents(cluster.stores.kafka, 'messages');
    for (const { key, event } of entries) assert.equal(key, event.conversation_id);
    for (const [conversation, said] of [
      [direct, directly],
      [group, inGroup],
    ] as const) {
      const ofIt = entries.filter(({ key }) => key === conversation);
      assert.equal(new Set(ofIt.map(({ partition }) => partition)).size, 1);
      const inOrder = ofIt.toSorted((a, b) => a.offset - b.offset).map(({ event }) => event.msg_id);
      const ids = said.map(({ msg_id }) => msg_id!);
      assert.deepEqual(
        inOrder.filter((id) => ids.includes(id)),
        ids,
      );
    }
  });

  test('a thousand acks of one cursor are few writes', async (t) => {
    const [asked, logged] = [
      cluster.taps!.worker.statements.length,
      await countEvents(cluster.stores.kafka, 'receipts'),
    ];
    for (const worker of cluster.workers) worker.signal('SIGSTOP');
    for (let seq = 1; seq <= ACKS; seq++) bob.send({ cmd: 4, seq, payload: { conversation_id: direct } });
    await until('all acks are in the log', async () => {
      return (await countEvents(cluster.stores.kafka, 'receipts')) === logged + ACKS;
    });
    for (const worker of cluster.workers) worker.signal('SIGCONT');
    await until('the cursor is stored', async () => (await cursorOf(bob.userId, direct)) === ACKS, 60_000);
    const writes = cluster
      .taps!.worker.statements.slice(asked)
      .flatMap((request) => request.split('; '))
      .filter((statement) => /^(INSERT|UPDATE|REPLACE)/i.test(statement));
    t.diagnostic(`${writes.length} writes`);
    assert.ok(writes.length > 0, 'the tap sees no write at all');
    assert.ok(writes.length <= WRITES_MAX, `${writes.length} writes`);
  });

  async function cursorOf(userId: string, conversationId: string): Promise<number> {
    const [rows] = await mysql.query<RowDataPacket[]>(
      'SELECT ack_seq FROM conversation_member WHERE user_id = ? AND conversation_id = ?',
      [userId, conversationId],
    );
    return rows[0]?.ack_seq;
  }
});

function texts(from: number): string[] {
  return Array.from({ length: BURST }, (_, i) => `text ${from + i}`);
}
