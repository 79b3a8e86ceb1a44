import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertError, createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import { connect, isStored, type RawClient } from '../harness/raw-client.ts';
import {
  ack,
  assertOpen,
  assertRefused,
  chatPacket,
  logIn,
  logInAll,
  pull,
  recall,
  say,
  sayAll,
} from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const target = await useTarget();

const BAD_IDS = ['', 'x'.repeat(65), '_a', '.a', '-a', 'a b', 'a:b', 'a/b', 'ä', 'a\n', 'a@b', '\u0000'];
const GOOD_IDS = ['a', 'Z', '0', 'a_', 'a.', 'a-', '9.-_', 'x'.repeat(64)];

/** Every command that names a conversation, with this one. */
function commandsNaming(conversationId: string) {
  const payload = { conversation_id: conversationId };
  return [
    { cmd: 2, payload: { ...payload, content: 'x' } },
    { cmd: 3, payload },
    { cmd: 3, payload: { ...payload, before_seq: 5 } },
    { cmd: 4, seq: 0, payload },
    { cmd: 6, payload: { ...payload, type: 'typing', typing: true } },
    { cmd: 7, payload: { ...payload, seq: 1 } },
  ];
}

async function assertAllRefused(client: RawClient, conversationId: string, code: number): Promise<void> {
  for (const command of commandsNaming(conversationId)) {
    assertRefused(await client.request(command), code);
    await assertOpen(client);
  }
}

test('a user_id is 1 to 64 of [A-Za-z0-9_.-], the first a letter or digit', async () => {
  const client = await logIn(target);
  for (const to of GOOD_IDS) {
    const answer = await client.request({ cmd: 2, payload: { to, content: 'x' } });
    assert.equal(answer.code, 0, to);
    assert.equal(answer.payload.conversation_id, p2p(client.userId, to));
  }
  for (const to of BAD_IDS) {
    assertRefused(await client.request({ cmd: 2, payload: { to, content: 'x' } }), 400);
    await assertOpen(client);
  }
});

test('a device_id has the same form', async () => {
  const token = tokenOf(target.secret, freshUser('devices'));
  for (const device_id of GOOD_IDS) {
    const client = await connect(target);
    const answer = await client.request({ cmd: 1, payload: { token, device_id } });
    assert.equal(answer.payload.device_id, device_id);
  }
  const client = await connect(target);
  for (const device_id of BAD_IDS.slice(0, 9)) {
    assertRefused(await client.request({ cmd: 1, payload: { token, device_id } }), 400);
  }
  assert.equal((await client.request({ cmd: 1, payload: { token, device_id: 'good' } })).code, 0);
});

test('user ids are compared byte for byte', async () => {
  const name = freshUser('case');
  const [lower, upper, sender] = await Promise.all([
    logIn(target, { user: name }),
    logIn(target, { user: name.toUpperCase() }),
    logIn(target),
  ]);
  await say(sender, p2p(sender.userId, name), 'for the lower');
  await say(sender, p2p(sender.userId, name.toUpperCase()), 'for the upper');
  const [toLower, toUpper] = await Promise.all([lower.waitFor(isStored), upper.waitFor(isStored)]);
  assert.equal(toLower.payload.content, 'for the lower');
  assert.equal(toUpper.payload.content, 'for the upper');
});

test('device ids and msg_ids are compared byte for byte', async () => {
  const user = freshUser('case');
  const [first, second] = await Promise.all([
    logIn(target, { user, device: 'Phone' }),
    logIn(target, { user, device: 'phone' }),
  ]);
  const self = p2p(user, user);
  const msgId = freshUser('m');
  assert.equal((await say(first, self, 'one', { msg_id: msgId })).seq, 1);
  assert.equal((await say(second, self, 'two', { msg_id: msgId.toUpperCase() })).seq, 2);
  await assertOpen(first);
});

test('group ids are compared byte for byte', async () => {
  const client = await logIn(target);
  const api = apiOf(target, client.userId);
  const id = freshGroupId('x');
  const upper = `group_${id.slice('group_'.length).toUpperCase()}`;
  for (const group_id of [id, upper]) {
    assert.equal((await api.post('/v1/groups', { group_id, name: group_id, members: [] })).status, 201);
  }
  await say(client, id, 'lower');
  assert.equal((await pull(client, upper)).payload.head_seq, 0);
});

test('a conversation id of neither form is 400', async () => {
  const client = await logIn(target);
  const me = client.userId;
  const others = [
    'x',
    'group',
    'group_',
    'GROUP_x',
    'Group_x',
    'grp_x',
    me,
    `p2p:${me}`,
    `p2p:${me}:`,
    `p2p::${me}`,
  ];
  const odd = [
    `P2P:${me}:${me}`,
    `p2p:${me}:${me}:${me}`,
    `p2p-${me}-${me}`,
    ` p2p:${me}:${me}`,
    `p2p:${me}:_z`,
  ];
  for (const id of [...others, ...odd, 'group_a b', 'group_ä', 'group_a:b', `group_${'x'.repeat(65)}`, '']) {
    await assertAllRefused(client, id, 400);
  }
});

test('a direct conversation has its two user ids in ascending byte order; another order is 400', async () => {
  const suffix = freshUser('').slice(1);
  // Upper case comes before lower case, and "10" before "9".
  const pairs = [
    [`B${suffix}`, `a${suffix}`],
    [`10${suffix}`, `9${suffix}`],
    [`a${suffix}`, `a${suffix}0`],
    [`a-${suffix}`, `a.${suffix}`],
  ];
  for (const [low, high] of pairs) {
    const client = await logIn(target, { user: low! });
    assert.equal((await say(client, `p2p:${low}:${high}`, 'x')).seq, 1);
    const other = await logIn(target, { user: high! });
    assert.equal((await say(other, `p2p:${low}:${high}`, 'x')).seq, 2);
    await assertAllRefused(other, `p2p:${high}:${low}`, 400);
  }
});

test('a chat may carry "to" in place of conversation_id', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const answer = await alice!.request({ cmd: 2, payload: { to: bob!.userId, content: 'hello' } });
  assert.equal(answer.payload.conversation_id, id);
  const message = await bob!.waitFor(isStored);
  assert.equal(message.payload.conversation_id, id);
  assert.equal((await say(bob!, id, 'hello yourself')).seq, 2);
});

test('"to" and conversation_id both: 400; neither: 400', async () => {
  const client = await logIn(target);
  const to = client.userId;
  const both = { to, conversation_id: p2p(to, to), content: 'x' };
  assertRefused(await client.request({ cmd: 2, payload: both }), 400);
  assertRefused(await client.request({ cmd: 2, payload: { content: 'x' } }), 400);
});

test('p2p:x:x (notes to self) is allowed', async () => {
  const client = await logIn(target);
  const self = `p2p:${client.userId}:${client.userId}`;
  const answer = await client.request({ cmd: 2, payload: { to: client.userId, content: 'one' } });
  assert.equal(answer.payload.conversation_id, self);
  assert.equal((await say(client, self, 'two')).seq, 2);
  const stored = client.packets.filter(isStored);
  assert.deepEqual(
    stored.map((packet) => packet.payload.content),
    ['one', 'two'],
    'each comes once',
  );
});

test('a direct conversation needs no creation: with no message yet it is an empty page with head 0', async () => {
  const client = await logIn(target);
  const id = p2p(client.userId, freshUser('nobody'));
  const page = await pull(client, id);
  assert.equal(page.code, 0);
  assert.deepEqual(page.payload, { conversation_id: id, messages: [], has_more: false, head_seq: 0 });
  assert.equal(page.seq, 0);
});

test('any valid user id may be written to, seen before or not', async () => {
  const alice = await logIn(target);
  const stranger = freshUser('stranger');
  const id = p2p(alice.userId, stranger);
  await say(alice, id, 'are you there?');
  const late = await logIn(target, { user: stranger });
  const page = await pull(late, id);
  assert.equal(page.payload.messages[0].content, 'are you there?');
});

test('a group id is group_<id> with <id> 1 to 64 of [A-Za-z0-9_.-]', async () => {
  const client = await logIn(target);
  const api = apiOf(target, client.userId);
  const longest = `group_${freshUser('').padEnd(64, '._-A').slice(0, 64)}`;
  const short = `group_.${freshUser('')}`;
  for (const group_id of [longest, short]) {
    assert.equal(
      (await api.post('/v1/groups', { group_id, name: 'g', members: [] })).body.group_id,
      group_id,
    );
    assert.equal((await say(client, group_id, 'x')).seq, 1);
  }
  for (const group_id of [
    'group_',
    `${longest}x`,
    'group_a b',
    'group_ä',
    'group_a:b',
    'x',
    freshUser('x'),
    7,
  ]) {
    assertError(await api.post('/v1/groups', { group_id, name: 'g', members: [] }), 400);
  }
});

test('the prefix group_ is part of the id everywhere', async () => {
  const client = await logIn(target);
  const api = apiOf(target, client.userId);
  const id = await createGroup(target, client.userId);
  await say(client, id, 'x');
  assert.equal((await api.get(`/v1/groups/${id}`)).body.group_id, id);
  const bare = id.slice('group_'.length);
  assert.ok([400, 404].includes((await api.get(`/v1/groups/${bare}`)).status));
  await assertAllRefused(client, bare, 400);
});

test('seq counts 1, 2, 3 … without gaps, in the order in which the messages were accepted', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const each = Array.from({ length: 40 }, (_, i) => String(i));
  const both = await Promise.all([sayAll(alice!, id, each), sayAll(bob!, id, each)]);
  const seqs = both.flat().map((packet) => packet.seq!);
  assert.deepEqual(
    seqs.toSorted((a, b) => a - b),
    Array.from({ length: 80 }, (_, i) => i + 1),
  );
  for (let n = 81; n < 90; n++) {
    const sender = n % 2 === 0 ? alice! : bob!;
    assert.equal((await say(sender, id, 'one after the other')).seq, n);
  }
});

test('seq counts each conversation for itself', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const group = await createGroup(target, alice!.userId, [bob!.userId]);
  const ids = [group, p2p(alice!.userId, bob!.userId), p2p(alice!.userId, alice!.userId)];
  for (let n = 1; n <= 3; n++) {
    for (const id of ids) assert.equal((await say(alice!, id, 'x')).seq, n);
  }
});

test('what is refused takes no seq', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  assert.equal((await say(client, self, 'one')).seq, 1);
  await client.request(chatPacket(self, ''));
  await client.request(chatPacket(self, 'x'.repeat(20_000)));
  assert.equal((await ack(client, self, 99)).code, 400);
  assert.equal((await recall(client, self, 99)).code, 404);
  assert.equal((await say(client, self, 'two')).seq, 2);
});

test('inbox_seq counts the direct messages of a user, sent and received, without gaps', async () => {
  const [alice, bob, carol] = await logInAll(target, 'alice', 'bob', 'carol');
  const group = await createGroup(target, alice!.userId, [bob!.userId, carol!.userId]);
  const withBob = p2p(alice!.userId, bob!.userId);
  const withCarol = p2p(alice!.userId, carol!.userId);
  const start = alice!.hello.inbox.seq;
  await say(alice!, withBob, '1');
  await say(bob!, withBob, '2');
  await say(bob!, group, 'not in the inbox');
  await say(carol!, withCarol, '3');
  await say(alice!, p2p(alice!.userId, alice!.userId), '4');
  const direct = await alice!.waitForAll(
    4,
    (packet) => isStored(packet) && packet.payload.conversation_id !== group,
  );
  const places = direct.map(({ payload }) => [payload.inbox_seq - start, payload.content]);
  assert.deepEqual(
    places.toSorted(),
    [1, 2, 3, 4].map((n) => [n, String(n)]),
  );
});
