import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { until } from '../../contract/wait.ts';
import { check } from '../../faults/checker/check.ts';
import { emptyHistory, type Send } from '../../faults/checker/history.ts';
import { complete, invoke } from '../../faults/checker/record.ts';
import { pullHistory } from '../../faults/pull-history.ts';
import { apiOf, createGroup } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { isReady } from '../../harness/cluster-process.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { FAULTS, NO_LAB, type ServerName, without } from '../../harness/lab.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import { isStored, type Packet, type RawClient } from '../../harness/raw-client.ts';
import { chatPacket, isEvent, logIn } from '../../harness/talk.ts';
import { countEvents } from './log-reader.ts';

const MESSAGES = 20;
/** The promise for the first send after Kafka went away. */
const REFUSED_MS_MAX = 5000;
/** For those that follow, when the outage is known: no time is lost with waiting for Kafka. */
const AT_ONCE_MS_MAX = 500;
const RECOVERED_MS_MAX = 90_000;
const TOLD_MS_MAX = 30_000;
const OPTIONS = { gateways: 2, workers: 2, env: { MESSAGES_PER_SECOND: '1000' } };

/** Two people with a direct conversation and a group, each at a gateway of their own. */
interface Pair {
  alice: RawClient;
  bob: RawClient;
  conversationIds: string[];
  sent: Send[];
}

describe('a server is away', { skip: NO_SERVERS || NO_LAB, timeout: 1_200_000 }, () => {
  let cluster: Cluster;
  let pair: Pair;
  let deadLetters: number;
  before(async () => {
    cluster = await startCluster(OPTIONS);
  });
  beforeEach(async () => {
    deadLetters = await countEvents(cluster.stores.kafka, 'dead_letters');
    pair = await introduce(cluster);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  for (const fault of FAULTS) {
    test(`kafka, ${fault}: chats are refused with 503 in time, and then at once`, async (t) => {
      const packets = packetsOf(pair, fault);
      await away('kafka', fault, async () => {
        const refusals = [await refused(pair, packets[0]!, REFUSED_MS_MAX)];
        for (const packet of packets.slice(1)) refusals.push(await refused(pair, packet, AT_ONCE_MS_MAX));
        t.diagnostic(`refused after ${refusals.map(Math.round).join(', ')} ms`);
      });
      for (const packet of packets) await sendUntilTaken(pair, packet);
      await arrive();
    });

    test(`mysql, ${fault}: sends go on, and all is delivered later`, async () => {
      const packets = packetsOf(pair, fault);
      await away('mysql', fault, async () => {
        await sendAll(pair, packets);
        for (const id of pair.conversationIds) await assertNoHistory(id);
        assert.deepEqual(undelivered(pair.bob, pair.sent), pair.sent.slice(-packets.length));
      });
      await arrive();
    });

    test(`redis, ${fault}: sends go on, histories are served, and all is delivered later`, async () => {
      const packets = packetsOf(pair, fault);
      await away('redis', fault, async () => {
        await sendAll(pair, packets);
        for (const id of pair.conversationIds) {
          const { messages } = await pullHistory(cluster, pair.bob.userId, id);
          assert.ok(messages.length > 0, 'nothing of what was stored before');
        }
        for (const { name, internalUrl } of cluster.gateways) {
          await until(`${name} says that it is Redis`, () => missesRedis(internalUrl), TOLD_MS_MAX);
        }
        assert.deepEqual(undelivered(pair.bob, pair.sent), pair.sent.slice(-packets.length));
      });
      await arrive();
    });
  }

  /** With what the processes wrote, where it goes wrong. */
  async function away(server: ServerName, fault: (typeof FAULTS)[number], work: () => Promise<void>) {
    try {
      await without(server, fault, work);
    } catch (error) {
      console.error(cluster.log());
      throw error;
    }
  }

  async function assertNoHistory(conversationId: string): Promise<void> {
    const path = `/v1/conversations/${conversationId}/messages`;
    const { status, body } = await apiOf(cluster, pair.bob.userId).get(path);
    assert.equal(status, 503, JSON.stringify(body));
    assert.ok(body.retry_after_ms > 0);
  }

  /** Everything comes to both by itself, once, and the cluster is as before. */
  async function arrive(): Promise<void> {
    const { alice, bob, sent, conversationIds } = pair;
    try {
      for (const client of [alice, bob]) {
        const informed = () =>
          undelivered(client, sent).length === 0 || client.packets.some(isEvent('resync'));
        await until(`${client.userId} has everything, or is told to pull`, informed, RECOVERED_MS_MAX);
      }
      await until('everything is stored', () => allStored(pair), RECOVERED_MS_MAX);
      const processes = [...cluster.gateways, ...cluster.workers];
      for (const { name, internalUrl } of processes) {
        await until(`${name} is ready`, () => isReady(`${internalUrl}/readyz`), RECOVERED_MS_MAX);
      }
    } catch (error) {
      console.error(cluster.log());
      throw error;
    }
    const readers = [alice, bob].flatMap(({ userId }) => conversationIds.map((id) => ({ userId, id })));
    const finals = await Promise.all(readers.map(({ userId, id }) => pullHistory(cluster, userId, id)));
    assert.deepEqual(check({ ...emptyHistory(), sends: sent, finals }), []);
    assert.equal(await countEvents(cluster.stores.kafka, 'dead_letters'), deadLetters);
    for (const client of [alice, bob]) assert.deepEqual(client.packets.filter(isEvent('rejected')), []);
  }

  async function allStored({ alice, conversationIds, sent }: Pair): Promise<boolean> {
    const copies = await Promise.all(conversationIds.map((id) => pullHistory(cluster, alice.userId, id)));
    const ids = new Set(copies.flatMap(({ messages }) => messages.map(({ msg_id }) => msg_id)));
    return sent.every(({ msgId }) => ids.has(msgId));
  }
});

type Chat = ReturnType<typeof chatPacket>;

async function introduce(cluster: Cluster): Promise<Pair> {
  const [a, b] = [freshUser('alice'), freshUser('bob')];
  const group = await createGroup(cluster, a, [b]);
  const [first, second] = cluster.gateways;
  const alice = await logIn(cluster, { user: a, url: first!.url });
  const bob = await logIn(cluster, { user: b, url: second!.url });
  const pair: Pair = { alice, bob, conversationIds: [p2p(a, b), group], sent: [] };
  for (const id of pair.conversationIds) {
    const packet = chatPacket(id, 'before');
    await sendAll(pair, [packet]);
    for (const client of [alice, bob]) {
      await client.waitFor((got) => isStored(got) && got.msg_id === packet.msg_id);
    }
  }
  return pair;
}

/** Messages of Alice, in both conversations in turn; not sent yet. */
function packetsOf({ conversationIds }: Pair, fault: string): Chat[] {
  return Array.from({ length: MESSAGES }, (_, i) =>
    chatPacket(conversationIds[i % conversationIds.length]!, `${fault}, number ${i}`),
  );
}

function sendNow({ userId, hello }: RawClient, { msg_id, payload }: Chat): Send {
  return invoke({
    conversationId: payload.conversation_id,
    senderId: userId,
    session: hello.session_id,
    msgId: msg_id,
    content: payload.content,
  });
}

async function sendAll({ alice, sent }: Pair, packets: Chat[]): Promise<void> {
  for (const packet of packets) {
    const send = sendNow(alice, packet);
    const answer = await alice.request(packet);
    assert.equal(answer.code, 0, JSON.stringify(answer));
    complete(send, answer.code);
    sent.push(send);
  }
}

/** Gives how long the refusal took. */
async function refused({ alice, sent }: Pair, packet: Chat, withinMs: number): Promise<number> {
  const send = sendNow(alice, packet);
  sent.push(send);
  const answer = await alice.request(packet);
  complete(send, answer.code);
  const tookMs = performance.now() - send.invokedAt;
  assert.equal(answer.code, 503, JSON.stringify(answer));
  assert.equal(answer.payload.error, 'unavailable');
  assert.ok(answer.payload.retry_after_ms > 0);
  assert.ok(tookMs <= withinMs, `refused after ${tookMs} ms, at most ${withinMs}`);
  return tookMs;
}

/** As a client does that is refused for a while. */
async function sendUntilTaken({ alice, sent }: Pair, packet: Chat): Promise<void> {
  const send = sendNow(alice, packet);
  await until(
    `${packet.msg_id} is taken`,
    async () => {
      const answer: Packet = await alice.request(packet);
      if (answer.code !== 0) assert.equal(answer.code, 503, JSON.stringify(answer));
      complete(send, answer.code);
      return answer.code === 0;
    },
    RECOVERED_MS_MAX,
  );
  sent.push(send);
}

function undelivered(client: RawClient, sent: Send[]): Send[] {
  const got = new Set(client.packets.filter(isStored).map(({ msg_id }) => msg_id));
  return sent.filter(({ msgId }) => !got.has(msgId));
}

/** Not ready, for a reason in which whoever is on call finds Redis. */
async function missesRedis(internalUrl: string): Promise<boolean> {
  const answer = await fetch(`${internalUrl}/readyz`);
  const { reasons = [] } = (await answer.json()) as { reasons?: string[] };
  return reasons.some((reason) => /redis/.test(reason));
}
