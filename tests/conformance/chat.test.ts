import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshGroupId, freshMsgId, freshUser, p2p } from '../harness/names.ts';
import { isStored } from '../harness/raw-client.ts';
import {
  assertRefused,
  assertRejected,
  chatPacket,
  logIn,
  logInAll,
  pull,
  say,
  sayAll,
  stored,
} from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const target = await useTarget();

const DIRECT_FIELDS = [
  'content',
  'conversation_id',
  'inbox_seq',
  'msg_id',
  'msg_type',
  'send_time',
  'sender_id',
  'seq',
  'status',
];
const GROUP_FIELDS = DIRECT_FIELDS.filter((field) => field !== 'inbox_seq');

test('the answer means sent: msg_id, conversation_id and server_time, and no seq', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const answer = await alice!.request(chatPacket(id, 'hello', { msg_id: 'chat-1' }));
  assert.deepEqual(Object.keys(answer).toSorted(), ['cmd', 'code', 'msg_id', 'payload']);
  assert.deepEqual([answer.cmd, answer.code, answer.msg_id], [2, 0, 'chat-1']);
  assert.deepEqual(Object.keys(answer.payload).toSorted(), ['conversation_id', 'server_time']);
  assert.equal(answer.payload.conversation_id, id);
  assert.ok(Math.abs(answer.payload.server_time - Date.now()) < 60_000);
});

test('a stored direct message: cmd 2 with seq, msg_id and the message as payload', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const answer = await alice!.request(chatPacket(id, 'hello', { msg_id: 'the-id' }));
  const packet = await bob!.waitFor(isStored);
  assert.deepEqual(Object.keys(packet).toSorted(), ['cmd', 'code', 'msg_id', 'payload', 'seq']);
  assert.deepEqual([packet.cmd, packet.code, packet.msg_id, packet.seq], [2, 0, 'the-id', 1]);
  assert.deepEqual(Object.keys(packet.payload).toSorted(), DIRECT_FIELDS);
  assert.deepEqual(packet.payload, {
    conversation_id: id,
    seq: 1,
    msg_id: 'the-id',
    sender_id: alice!.userId,
    msg_type: 1,
    content: 'hello',
    send_time: packet.payload.send_time,
    status: 0,
    inbox_seq: 1,
  });
  assert.ok(Math.abs(packet.payload.send_time - answer.payload.server_time) < 60_000);
});

test('a stored group message has the same fields but inbox_seq', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = await createGroup(target, alice!.userId, [bob!.userId]);
  await say(alice!, id, 'hello all');
  const { payload } = await bob!.waitFor(isStored);
  assert.deepEqual(Object.keys(payload).toSorted(), GROUP_FIELDS);
  assert.deepEqual([payload.conversation_id, payload.sender_id, payload.status], [id, alice!.userId, 0]);
});

test('a stored message goes to every session of both, the sender’s own included', async () => {
  const [alice, bob] = [freshUser('alice'), freshUser('bob')];
  const sessions = await Promise.all([alice, alice, alice, bob, bob].map((user) => logIn(target, { user })));
  const { seq } = await say(sessions[0]!, p2p(alice, bob), 'to all');
  for (const session of sessions) {
    const packet = await session.waitFor(isStored);
    assert.deepEqual([packet.seq, packet.payload.content], [seq, 'to all']);
  }
});

test('a stored message goes to every session of every member of a group', async () => {
  const users = ['alice', 'bob', 'carol'].map(freshUser);
  const sessions = await Promise.all([...users, ...users].map((user) => logIn(target, { user })));
  const id = await createGroup(target, users[0]!, users.slice(1));
  const { seq } = await say(sessions[1]!, id, 'to all');
  for (const session of sessions) {
    const packet = await session.waitFor(isStored);
    assert.deepEqual([packet.seq, packet.payload.sender_id], [seq, users[1]]);
  }
});

test('nobody else gets it', async () => {
  const [alice, bob, eve] = await logInAll(target, 'alice', 'bob', 'eve');
  const group = await createGroup(target, alice!.userId, [bob!.userId]);
  await say(alice!, p2p(alice!.userId, bob!.userId), 'private');
  await say(alice!, group, 'private too');
  await say(alice!, p2p(alice!.userId, eve!.userId), 'for eve');
  const first = await eve!.waitFor((packet) => packet.cmd === 2 || packet.cmd === 5);
  assert.equal(first.payload.content, 'for eve');
});

test('what was answered is stored, even if the sender is gone at once', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const packet = chatPacket(p2p(alice!.userId, bob!.userId), 'last words');
  assert.equal((await alice!.request(packet)).code, 0);
  alice!.socket.terminate();
  assert.equal((await stored(bob!, packet.msg_id)).payload.content, 'last words');
});

test('the sender is the session’s user, whatever the payload says', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const payload = {
    conversation_id: id,
    content: 'x',
    sender_id: bob!.userId,
    from: bob!.userId,
    seq: 99,
    status: 2,
  };
  assert.equal((await alice!.request({ cmd: 2, sender_id: bob!.userId, seq: 99, payload })).code, 0);
  const message = await bob!.waitFor(isStored);
  assert.deepEqual([message.payload.sender_id, message.seq, message.payload.status], [alice!.userId, 1, 0]);
});

test('send_time is the server’s; client_time is the client’s own send_time, if it sent one', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const before = Date.now();
  const with_ = await say(client, self, 'x', { send_time: 12_345 });
  assert.equal(with_.payload.client_time, 12_345);
  assert.ok(Math.abs(with_.payload.send_time - before) < 60_000);
  const without = await say(client, self, 'y');
  assert.ok(!('client_time' in without.payload));
  const page = await pull(client, self);
  assert.deepEqual(
    page.payload.messages.map((message: { client_time?: number }) => message.client_time),
    [12_345, undefined],
  );
});

test('a message is the same everywhere: as pushed and as pulled', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const sent = await say(alice!, id, 'same', { send_time: 1 });
  const { inbox_seq: _, ...pushed } = sent.payload;
  for (const client of [alice!, bob!]) {
    const page = await pull(client, id);
    assert.deepEqual(page.payload.messages, [pushed], 'inbox_seq comes by push or from the inbox only');
  }
});

test('content of type 1 is a string of 1 to 16 384 UTF-8 bytes', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const good = ['x', 'x'.repeat(16_384), 'é'.repeat(8192), '界'.repeat(5461), '🌍'.repeat(4096)];
  for (const content of good) assert.equal((await say(client, self, content)).payload.content, content);
  assertRefused(await client.request(chatPacket(self, '')), 400);
});

test('a longer text is 413', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  for (const content of [
    'x'.repeat(16_385),
    'é'.repeat(8193),
    '界'.repeat(5462),
    '🌍'.repeat(4097),
    'x'.repeat(50_000),
  ]) {
    assertRefused(await client.request(chatPacket(self, content)), 413);
  }
});

test('text is kept as it is', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = p2p(alice!.userId, bob!.userId);
  const texts = [
    ' ',
    '\n',
    '\u0000',
    '\u0001\u001f\u007f',
    '"\\/',
    '<script>alert(1)</script>',
    'e\u0301 ≠ é',
  ];
  texts.push(
    '\u2028\u2029',
    '\ufeff',
    '👩‍👩‍👧‍👦',
    'مرحبا',
    '{"cmd":0}',
    "'; DROP TABLE--",
    '%s %d',
    '\ufffd\uffff',
  );
  const packets = await sayAll(alice!, id, texts);
  assert.deepEqual(
    packets.map((packet) => packet.payload.content),
    texts,
  );
  const page = await pull(bob!, id);
  assert.deepEqual(
    page.payload.messages.map((message: { content: string }) => message.content),
    texts,
  );
});

test('a lone surrogate is 400', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  for (const escaped of ['\\ud800', '\\udfff', 'a\\ud83d b', '\\udf0d\\ud83c']) {
    const msg_id = freshMsgId();
    const mark = client.mark();
    client.send(
      `{"cmd":2,"msg_id":"${msg_id}","payload":{"conversation_id":"${self}","content":"${escaped}"}}`,
    );
    assertRefused(await client.waitFor((packet) => packet.msg_id === msg_id, 'the refusal', mark), 400);
  }
  assert.equal((await say(client, self, '\ud83c\udf0d')).seq, 1, 'a pair is fine');
});

test('msg_type is 1 unless told, and 1 or 2', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  assert.equal((await say(client, self, 'x')).payload.msg_type, 1);
  assert.equal((await say(client, self, 'x', { msg_type: 1 })).payload.msg_type, 1);
  const url = 'https://example.com/cat.png';
  const image = await say(client, self, url, { msg_type: 2 });
  assert.deepEqual([image.payload.msg_type, image.payload.content], [2, url]);
  for (const msg_type of [0, 3, -1, 1.5])
    assertRefused(await client.request(chatPacket(self, url, { msg_type })), 400);
});

test('content of type 2 is an https: URL of at most 2 048 bytes', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const longest = 'https://example.com/'.padEnd(2048, 'x');
  for (const url of [longest, 'https://example.com:8443/a?b=c#d', 'https://exämple.com/ö']) {
    assert.equal((await say(client, self, url, { msg_type: 2 })).payload.content, url);
  }
  assertRefused(await client.request(chatPacket(self, `${longest}x`, { msg_type: 2 })), 400);
  assertRefused(
    await client.request(chatPacket(self, `https://e.com/${'é'.repeat(1100)}`, { msg_type: 2 })),
    400,
  );
});

test('anything else of type 2 is 400', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const bad = [
    '',
    'cat.png',
    'http://example.com/cat.png',
    'javascript:alert(1)',
    'data:image/png;base64,AAAA',
  ];
  bad.push(
    'https://',
    'https:',
    '//example.com/x.png',
    'ftp://example.com/x.png',
    'https',
    ' https://example.com',
  );
  bad.push(
    '/etc/passwd',
    '/v1/uploads/',
    '/v1/uploads/../../etc/passwd',
    `/v1/uploads/${'A'.repeat(22)}.png`,
  );
  bad.push('x'.repeat(20_000));
  for (const [i, url] of bad.entries()) {
    assertRefused(await client.request(chatPacket(self, url, { msg_type: 2 })), 400);
    if (i % 5 === 4) await say(client, self, 'breaks the row of refusals');
  }
});

test('a sender who is no member of a group: 403', async () => {
  const [alice, eve] = await logInAll(target, 'alice', 'eve');
  const id = await createGroup(target, alice!.userId);
  await assertRejected(eve!, chatPacket(id, 'let me in'), 403);
  assert.equal((await say(alice!, id, 'alone')).seq, 1);
});

test('a sender who is not one of the two: 403', async () => {
  const eve = await logIn(target);
  await assertRejected(eve, chatPacket(p2p(freshUser('alice'), freshUser('bob')), 'hi'), 403);
});

test('a sender who was removed, or left: 403', async () => {
  const [alice, bob, carol] = await logInAll(target, 'alice', 'bob', 'carol');
  const id = await createGroup(target, alice!.userId, [bob!.userId, carol!.userId]);
  await say(bob!, id, 'still here');
  await say(carol!, id, 'me too');
  assertOk(await apiOf(target, alice!.userId).delete(`/v1/groups/${id}/members/${bob!.userId}`));
  assertOk(await apiOf(target, carol!.userId).delete(`/v1/groups/${id}/members/${carol!.userId}`));
  await assertRejected(bob!, chatPacket(id, 'gone'), 403);
  await assertRejected(carol!, chatPacket(id, 'gone'), 403);
});

test('a sender who is muted: 403, until unmuted', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = await createGroup(target, alice!.userId, [bob!.userId]);
  await say(bob!, id, 'one');
  const member = `/v1/groups/${id}/members/${bob!.userId}`;
  assertOk(await apiOf(target, alice!.userId).patch(member, { muted_until: Date.now() + 3_600_000 }));
  await assertRejected(bob!, chatPacket(id, 'mmh'), 403);
  assert.equal((await say(alice!, id, 'the others may speak')).seq, 2);
  assertOk(await apiOf(target, alice!.userId).patch(member, { muted_until: null }));
  assert.equal((await say(bob!, id, 'three')).seq, 3);
});

test('a mute whose time has passed mutes nobody', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const id = await createGroup(target, alice!.userId, [bob!.userId]);
  const member = `/v1/groups/${id}/members/${bob!.userId}`;
  assertOk(await apiOf(target, alice!.userId).patch(member, { muted_until: Date.now() - 1000 }));
  assert.equal((await say(bob!, id, 'here I am')).seq, 1);
});

test('no such group: 404', async () => {
  const client = await logIn(target);
  await assertRejected(client, chatPacket(freshGroupId(), 'anybody?'), 404);
});

test('messages that one session sends to one conversation keep the order in which they were sent', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const group = await createGroup(target, alice!.userId, [bob!.userId]);
  const contents = Array.from({ length: 90 }, (_, i) => `${i} ${'x'.repeat((i * 7919) % 9000)}`);
  const half = contents.length / 2;
  for (const [id, texts] of [
    [p2p(alice!.userId, bob!.userId), contents.slice(0, half)],
    [group, contents.slice(half)],
  ] as const) {
    const packets = await sayAll(alice!, id, texts);
    assert.deepEqual(
      packets.map((packet) => packet.seq),
      texts.map((_, i) => i + 1),
    );
  }
});

test('order holds for several conversations at once', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const groups = await Promise.all([1, 2].map(() => createGroup(target, alice!.userId, [bob!.userId])));
  const ids = [...groups, p2p(alice!.userId, bob!.userId), p2p(alice!.userId, alice!.userId)];
  const packets = Array.from({ length: 80 }, (_, i) => chatPacket(ids[i % ids.length]!, String(i)));
  for (const packet of packets) alice!.send(packet);
  for (const [i, packet] of packets.entries()) {
    assert.equal((await stored(alice!, packet.msg_id)).seq, Math.floor(i / ids.length) + 1);
  }
});
