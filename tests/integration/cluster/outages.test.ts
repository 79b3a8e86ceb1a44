import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { until } from '../../contract/wait.ts';
import { faultsOf, type SentMessage } from '../../faults/history.ts';
import { pullHistory } from '../../faults/pull-history.ts';
import { apiOf, createGroup } from '../../harness/api.ts';
import { type Cluster, startCluster } from '../../harness/cluster.ts';
import { isReady } from '../../harness/cluster-process.ts';
import { NO_SERVERS } from '../../harness/cluster-stores.ts';
import { FAULTS, NO_LAB, type ServerName, without } from '../../harness/lab.ts';
import { freshUser, p2p } from '../../harness/names.ts';
import { isStored, type Packet, type RawClient } from '../../harness/raw-client.ts';
import { chatPacket, isEvent, logIn, sayAll } from '../../harness/talk.ts';
import { countEvents } from './log-reader.ts';

const MESSAGES = 20;
/** The promise for the first send after Kafka went away. */
const REFUSED_MS_MAX = 5000;
/** For those that follow, when the outage is known: no time is lost with waiting for Kafka. */
const AT_ONCE_MS_MAX = 500;
const RECOVERED_MS_MAX = 90_000;
const OPTIONS = { gateways: 2, workers: 2, env: { MESSAGES_PER_SECOND: '1000' } };

/** Two people with a direct conversation and a group, each at a gateway of their own. */
interface Pair {
  alice: RawClient;
  bob: RawClient;
  conversationIds: string[];
  sent: SentMessage[];
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
    const histories = await Promise.all(readers.map(({ userId, id }) => pullHistory(cluster, userId, id)));
    assert.deepEqual(faultsOf({ sent, histories, delivered: [] }), []);
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
    const stored = await sayAll(alice, id, ['before']);
    pair.sent.push({
      ...sentMessage(alice, chatPacket(id, 'before')),
      msgId: stored[0]!.msg_id!,
      answered: true,
    });
    await bob.waitFor((packet) => isStored(packet) && packet.msg_id === stored[0]!.msg_id);
  }
  return pair;
}

/** Messages of Alice, in both conversations in turn; not sent yet. */
function packetsOf({ conversationIds }: Pair, fault: string): Chat[] {
  return Array.from({ length: MESSAGES }, (_, i) =>
    chatPacket(conversationIds[i % conversationIds.length]!, `${fault}, number ${i}`),
  );
}

function sentMessage({ userId, hello }: RawClient, { msg_id, payload }: Chat): SentMessage {
  return {
    conversationId: payload.conversation_id,
    senderId: userId,
    session: hello.session_id,
    msgId: msg_id,
    content: payload.content,
    answered: false,
  };
}

async function sendAll({ alice, sent }: Pair, packets: Chat[]): Promise<void> {
  for (const packet of packets) {
    const answer = await alice.request(packet);
    assert.equal(answer.code, 0, JSON.stringify(answer));
    sent.push({ ...sentMessage(alice, packet), answered: true });
  }
}

/** Gives how long the refusal took. */
async function refused({ alice }: Pair, packet: Chat, withinMs: number): Promise<number> {
  const startedAt = performance.now();
  const answer = await alice.request(packet);
  const tookMs = performance.now() - startedAt;
  assert.equal(answer.code, 503, JSON.stringify(answer));
  assert.equal(answer.payload.error, 'unavailable');
  assert.ok(answer.payload.retry_after_ms > 0);
  assert.ok(tookMs <= withinMs, `refused after ${tookMs} ms, at most ${withinMs}`);
  return tookMs;
}

/** As a client does that is refused for a while. */
async function sendUntilTaken({ alice, sent }: Pair, packet: Chat): Promise<void> {
  let answer: Packet | undefined;
  await until(
    `${packet.msg_id} is taken`,
    async () => {
      answer = await alice.request(packet);
      if (answer.code !== 0) assert.equal(answer.code, 503, JSON.stringify(answer));
      return answer.code === 0;
    },
    RECOVERED_MS_MAX,
  );
  sent.push({ ...sentMessage(alice, packet), answered: true });
}

function undelivered(client: RawClient, sent: SentMessage[]): SentMessage[] {
  const got = new Set(client.packets.filter(isStored).map(({ msg_id }) => msg_id));
  return sent.filter(({ msgId }) => !got.has(msgId));
}
