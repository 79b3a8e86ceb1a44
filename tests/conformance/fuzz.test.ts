import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeName } from '../../src/protocol/codes.ts';
import { createRandom, seedOf } from '../faults/seeded-random.ts';
import { createGroup } from '../harness/api.ts';
import { freshGroupId, freshMsgId, freshUser, p2p } from '../harness/names.ts';
import { connect, isStored, type Packet, type RawClient } from '../harness/raw-client.ts';
import { assertOpen, logIn, pull, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';
import { createPackets, type FuzzedPacket, type Known } from './hostile-packets.ts';

const SEED = seedOf(process.env.SEED);
const SESSIONS = 6;
const PACKETS_EACH = Number(process.env.PACKETS ?? 1000);
const LOGINS = 200;
const PAGE = 200;

const target = await useTarget({ MESSAGES_PER_SECOND: '10000', CONNECTIONS_PER_USER: '1000' });

/** No push: an answer, or a refusal. */
function isAnswer(packet: Packet): boolean {
  return packet.code !== 0 || (packet.cmd !== 5 && !isStored(packet));
}

/** What typing is allowed to: it is answered only if refused. */
function maySayNothing({ cmd, payload }: FuzzedPacket): boolean {
  return cmd === 6 && (payload as { type?: unknown } | null)?.type === 'typing';
}

function assertFits(answer: Packet, packet: FuzzedPacket, what: string): void {
  const name = codeName(answer.code);
  assert.ok(name !== undefined && answer.code < 500, what);
  assert.equal(answer.cmd, Number.isInteger(packet.cmd) ? packet.cmd : -1, what);
  if (answer.code === 0) return;
  assert.equal(answer.payload.error, name, what);
  assert.match(answer.payload.message, /\S/, what);
}

/** Sends one packet after the other, each with a heartbeat behind it, and requires one answer to each. */
async function fuzz(client: RawClient, next: () => FuzzedPacket, count: number): Promise<Set<string>> {
  const seen = new Set<string>();
  const silent = new Set<unknown>();
  for (let i = 0; i < count; i++) {
    const packet = next();
    // Without an id of their own, nothing tells what was refused late.
    if (packet.cmd === 4) packet.msg_id ??= freshMsgId();
    if (maySayNothing(packet)) packet.msg_id = freshMsgId();
    const mark = client.mark();
    const fence = freshMsgId();
    client.send(packet);
    client.send({ cmd: 0, msg_id: fence });
    const isOfPacket = (got: Packet) =>
      isAnswer(got) && got.msg_id !== fence && !silent.has(got.msg_id ?? {});
    const text = JSON.stringify(packet).slice(0, 2000);
    await client.waitFor((got) => got.msg_id === fence, `the heartbeat behind ${text}`, mark);
    if (maySayNothing(packet)) {
      silent.add(packet.msg_id);
      continue;
    }
    const answer = await client.waitFor(isOfPacket, `the answer to ${text}`, mark);
    const what = `SEED=${SEED}: ${text}\n${JSON.stringify(answer).slice(0, 500)}`;
    assertFits(answer, packet, what);
    assert.equal(client.since(mark).filter(isOfPacket).length, 1, what);
    seen.add(`${answer.cmd} ${answer.code}`);
    client.packets.length = 0;
  }
  await assertOpen(client);
  return seen;
}

/** Fuzzed logins, each on a connection of its own. */
async function fuzzLogins(next: () => FuzzedPacket): Promise<Set<number>> {
  const codes = new Set<number>();
  for (let done = 0; done < LOGINS; ) {
    const packet = next();
    if (packet.cmd !== 1) continue;
    done++;
    const client = await connect(target);
    client.send(packet);
    const answer = await client.waitFor(isAnswer, `the answer to ${JSON.stringify(packet).slice(0, 2000)}`);
    assertFits(answer, packet, `SEED=${SEED}: ${JSON.stringify(packet)}\n${JSON.stringify(answer)}`);
    if (answer.code === 401) assert.equal((await client.closed).code, 4401);
    else client.socket.close();
    codes.add(answer.code);
  }
  return codes;
}

/** Two who talk until they are told to stop; gives what they said, in its order. */
async function talk(alice: RawClient, bob: RawClient, ids: string[], stop: AbortSignal): Promise<string[][]> {
  const said: string[][] = ids.map(() => []);
  for (let turn = 0; !stop.aborted; turn++) {
    for (const [i, id] of ids.entries()) {
      const content = `turn ${turn}`;
      const { seq } = await say(turn % 2 === 0 ? alice : bob, id, content);
      said[i]!.push(content);
      assert.equal(seq, said[i]!.length, `SEED=${SEED}`);
    }
  }
  return said;
}

async function contentsOf(client: RawClient, id: string): Promise<string[]> {
  const contents: string[] = [];
  for (;;) {
    const { payload } = await pull(client, id, contents.length, { limit: PAGE });
    for (const { seq, content } of payload.messages) {
      assert.equal(seq, contents.length + 1);
      contents.push(content);
    }
    if (!payload.has_more) return contents;
  }
}

test(`${SESSIONS * PACKETS_EACH} packets with anything wrong: each has one answer, none is 5xx, and others talk on`, {
  skip: NEEDS_OWN_SERVER,
}, async (t) => {
  t.diagnostic(`SEED=${SEED}`);
  const [alice, bob] = [await logIn(target), await logIn(target)];
  const theirs = [p2p(alice.userId, bob.userId), await createGroup(target, alice.userId, [bob.userId])];
  const users = Array.from({ length: SESSIONS }, () => freshUser('fuzz'));
  const group = await createGroup(target, users[0]!, users);
  const clients = await Promise.all(users.map((user) => logIn(target, { user })));
  const stop = new AbortController();
  const talking = talk(alice, bob, theirs, stop.signal);
  talking.catch(() => stop.abort());

  const knownTo = (client: RawClient): Known => ({
    // As often another's or nobody's as one's own.
    conversationIds: [
      group,
      ...users.map((user) => p2p(user, client.userId)),
      ...[theirs, theirs, theirs].flat(),
      ...Array.from({ length: 6 }, freshGroupId),
    ],
    userIds: [...users, alice.userId, freshUser('nobody')],
    epochs: ['', client.hello.inbox.epoch, alice.hello.inbox.epoch],
    tokens: [tokenOf(target.secret, client.userId), tokenOf('x', alice.userId), 'x.y.z'],
  });
  const packetsOf = (client: RawClient, i: number) => createPackets(createRandom(SEED + i), knownTo(client));
  const fuzzing = Promise.all(clients.map((client, i) => fuzz(client, packetsOf(client, i), PACKETS_EACH)));
  const [seen, codes, said] = await Promise.all([
    fuzzing,
    fuzzLogins(packetsOf(clients[0]!, SESSIONS)),
    fuzzing.finally(() => stop.abort()).then(() => talking),
  ]);

  // What it sends is not all refused for the same reason.
  const all = new Set(seen.flatMap((some) => [...some]));
  for (const kind of [
    '0 0',
    '1 400',
    '2 0',
    '2 400',
    '2 403',
    '2 404',
    '3 0',
    '3 403',
    '4 0',
    '4 400',
    '7 404',
  ])
    assert.ok(all.has(kind), `SEED=${SEED}: no ${kind} among ${[...all].toSorted()}`);
  assert.ok(codes.has(0) && codes.has(400) && codes.has(401), `SEED=${SEED}: ${[...codes]}`);
  for (const [i, id] of theirs.entries()) {
    for (const reader of [alice, bob])
      assert.deepEqual(await contentsOf(reader, id), said[i], `SEED=${SEED}`);
  }
  t.diagnostic(`${said[0]!.length} turns of the others meanwhile`);
  assert.equal(target.own().process.exitCode, null);
  assert.ok(!target.own().log().includes('"level":"error"'), target.own().log());
});
