import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshUser, p2p } from '../harness/names.ts';
import type { Packet, RawClient } from '../harness/raw-client.ts';
import { connect } from '../harness/raw-client.ts';
import {
  assertOpen,
  assertRefused,
  chatPacket,
  heartbeat,
  logIn,
  logInAll,
  pull,
  say,
  stored,
} from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const BAD_IN_A_ROW = 10;
const ALL_MSG_ID_CHARS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-';

const [target, slow] = await Promise.all([useTarget(), useTarget({ MESSAGES_PER_SECOND: '1' })]);

/** Sends a packet as it is, and gives whatever comes next. */
function sendRaw(client: RawClient, packet: object | string): Promise<Packet> {
  const mark = client.mark();
  client.send(packet);
  return client.waitFor(() => true, `an answer to ${JSON.stringify(packet).slice(0, 200)}`, mark);
}

test('the answer echoes the msg_id, of every command', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const { seq } = await say(client, self, 'hello', { msg_id: 'the-chat' });
  const commands = [
    { cmd: 0 },
    { cmd: 3, payload: { conversation_id: self } },
    { cmd: 4, seq, payload: { conversation_id: self } },
    { cmd: 6, payload: { type: 'watch', user_ids: [] } },
    { cmd: 7, payload: { conversation_id: self, seq } },
  ];
  for (const command of commands) {
    const answer = await client.request({ ...command, msg_id: `id-of-${command.cmd}` });
    assert.equal(answer.code, 0);
    assert.equal(answer.msg_id, `id-of-${command.cmd}`);
  }
});

test('msg_id is optional everywhere but in a chat', async () => {
  const client = await connect(target);
  const user = freshUser('silent');
  const login = await sendRaw(client, {
    cmd: 1,
    payload: { token: tokenOf(target.secret, user), device_id: 'd' },
  });
  const answers = [
    login,
    await sendRaw(client, { cmd: 0 }),
    await sendRaw(client, { cmd: 3, payload: { conversations: true } }),
    await sendRaw(client, { cmd: 6, payload: { type: 'watch', user_ids: [] } }),
  ];
  for (const answer of answers) {
    assert.equal(answer.code, 0, JSON.stringify(answer));
    assert.ok(!('msg_id' in answer));
  }
  assertRefused(await sendRaw(client, { cmd: 2, payload: { to: user, content: 'x' } }), 400);
});

test('a recall without msg_id is answered without one', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const { seq } = await say(client, self, 'hello');
  const mark = client.mark();
  client.send({ cmd: 7, payload: { conversation_id: self, seq } });
  const answer = await client.waitFor((packet) => packet.cmd === 7, 'the answer', mark);
  assert.deepEqual([answer.code, 'msg_id' in answer], [0, false]);
});

test('msg_id is 1 to 64 characters of [A-Za-z0-9_.:-]', async () => {
  const client = await logIn(target);
  const good = [
    'a',
    '0',
    '.',
    ':',
    '-',
    '_',
    'x'.repeat(64),
    ALL_MSG_ID_CHARS.slice(0, 64),
    ALL_MSG_ID_CHARS.slice(-64),
  ];
  for (const msgId of good) assert.equal((await client.request({ cmd: 0, msg_id: msgId })).code, 0, msgId);
  const bad = ['', 'x'.repeat(65), 'a b', 'a/b', 'ä', 'a\n', '\u0000', 'a,b', 'a"b', 17, {}, [], true];
  for (const msgId of bad) {
    const answer = await sendRaw(client, { cmd: 0, msg_id: msgId });
    assertRefused(answer, 400);
    assert.equal(answer.cmd, 0);
    assert.ok(!('msg_id' in answer), 'a msg_id that is not valid is not echoed');
    await assertOpen(client);
  }
});

test('the msg_id of a chat has the same 64 characters at most', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const msgId = `${freshUser('').slice(1)}${'.:-_'.repeat(16)}`.slice(0, 64);
  assert.equal((await say(client, self, 'x', { msg_id: msgId })).msg_id, msgId);
  assertRefused(await sendRaw(client, chatPacket(self, 'x', { msg_id: `${msgId}x` })), 400);
});

test('unknown fields are ignored at every level', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const extra = { unknown: { deep: [1, { er: null }] }, toString: 1, constructor: 'x' };
  const chat = chatPacket(self, 'hello');
  client.send({ ...chat, ...extra, payload: { ...chat.payload, ...extra } });
  const message = await stored(client, chat.msg_id);
  assert.equal(message.payload.content, 'hello');
  assert.ok(!('unknown' in message.payload) && !('unknown' in message));
  const commands = [
    { cmd: 0, payload: extra },
    { cmd: 3, payload: { conversation_id: self, ...extra } },
    { cmd: 3, payload: { conversations: true, ...extra } },
    { cmd: 4, seq: 1, payload: { conversation_id: self, ...extra } },
    { cmd: 6, payload: { type: 'watch', user_ids: [], ...extra } },
    { cmd: 7, payload: { conversation_id: self, seq: 1, ...extra } },
  ];
  for (const command of commands) {
    const answer = await client.request({ ...command, ...extra });
    assert.equal(answer.code, 0, JSON.stringify(answer));
  }
});

test('unknown fields are ignored in a login', async () => {
  const client = await connect(target);
  const token = tokenOf(target.secret, freshUser('extra'));
  const answer = await client.request({ cmd: 1, more: 1, payload: { token, device_id: 'd', more: [] } });
  assert.equal(answer.code, 0);
});

test('null is the same as absent', async () => {
  const client = await connect(target);
  const user = freshUser('null');
  const token = tokenOf(target.secret, user);
  assert.equal(
    (
      await sendRaw(client, {
        cmd: 1,
        msg_id: null,
        seq: null,
        payload: { token, device_id: 'd', platform: null },
      })
    ).code,
    0,
  );
  const self = p2p(user, user);
  const chats = [
    { conversation_id: self, to: null, content: 'a', msg_type: null, send_time: null },
    { conversation_id: null, to: user, content: 'b' },
  ];
  for (const [i, payload] of chats.entries()) {
    assert.equal((await client.request({ cmd: 2, seq: null, payload })).code, 0, `chat ${i}`);
  }
  await client.waitForAll(2, (packet) => packet.seq !== undefined && packet.cmd === 2);
  const commands = [
    { cmd: 0, payload: null },
    { cmd: 3, seq: null, payload: { conversation_id: self, limit: null, before_seq: null, inbox: null } },
    { cmd: 3, seq: null, payload: { conversation_id: self, before_seq: 2 } },
    { cmd: 3, seq: null, payload: { conversations: true, cursor: null, conversation_id: null } },
    { cmd: 3, payload: { inbox: '', limit: null, conversations: null } },
    { cmd: 4, seq: 1, payload: { conversation_id: self, type: null, inbox: null } },
  ];
  for (const command of commands) {
    const answer = await client.request(command);
    assert.equal(answer.code, 0, `${JSON.stringify(command)} ${JSON.stringify(answer)}`);
  }
});

test('null in a required field is a missing field: 400', async () => {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  const commands = [
    { cmd: 2, msg_id: null, payload: { conversation_id: self, content: 'x' } },
    { cmd: 2, msg_id: 'm', payload: { conversation_id: self, content: null } },
    { cmd: 3, payload: null },
    { cmd: 4, seq: null, payload: { conversation_id: self } },
    { cmd: 6, payload: { type: null } },
    { cmd: 7, payload: { conversation_id: self, seq: null } },
  ];
  for (const command of commands) {
    assertRefused(await sendRaw(client, command), 400);
    await assertOpen(client);
  }
});

test('a refused packet is answered with its cmd where that is an integer, else -1', async () => {
  const client = await logIn(target);
  const cases: [string, number][] = [
    ['{"cmd":99}', 99],
    ['{"cmd":-7}', -7],
    ['{"cmd":5,"payload":{"type":"resync"}}', 5],
    ['{"cmd":8}', 8],
    ['{"cmd":1e3}', 1000],
    ['{"cmd":2.5}', -1],
    ['{"cmd":"2"}', -1],
    ['{"cmd":null}', -1],
    ['{"cmd":true}', -1],
    ['{"cmd":[2]}', -1],
    ['{"cmd":{}}', -1],
    ['{"cmd":1e999}', -1],
    ['{}', -1],
  ];
  for (const [text, cmd] of cases) {
    const answer = await sendRaw(client, text);
    assertRefused(answer, 400);
    assert.equal(answer.cmd, cmd, text);
    await assertOpen(client);
  }
});

test('a refused packet is answered with its msg_id where that is valid', async () => {
  const client = await logIn(target);
  for (const packet of [
    { cmd: 99 },
    { cmd: 'x' },
    {},
    { cmd: 3 },
    { cmd: 4 },
    { cmd: 6 },
    { cmd: 7 },
    { cmd: 2 },
  ]) {
    const answer = await sendRaw(client, { ...packet, msg_id: 'valid-1' });
    assertRefused(answer, 400);
    assert.equal(answer.msg_id, 'valid-1');
    await assertOpen(client);
  }
});

test('ten answers of 400 in a row close the connection with 4400', async () => {
  const client = await logIn(target);
  const mark = client.mark();
  for (let i = 0; i < BAD_IN_A_ROW + 5; i++) client.send({ cmd: 99 });
  assert.equal((await client.closed).code, 4400);
  assert.deepEqual(
    client.since(mark).map((packet) => packet.code),
    Array(BAD_IN_A_ROW).fill(400),
  );
});

test('an accepted packet breaks the row', async () => {
  const client = await logIn(target);
  for (let row = 0; row < 3; row++) {
    for (let i = 0; i < BAD_IN_A_ROW - 1; i++) assertRefused(await sendRaw(client, { cmd: 99 }), 400);
    assert.equal((await heartbeat(client)).code, 0);
  }
});

test('it breaks the row too where the client does not wait for answers', async () => {
  const client = await logIn(target);
  for (let row = 0; row < 5; row++) {
    for (let i = 0; i < BAD_IN_A_ROW - 1; i++) client.send({ cmd: 99 });
    client.send({ cmd: 0 });
  }
  await assertOpen(client);
});

test('an answer with another code than 400 and 429 breaks the row too', async () => {
  const [client, other] = await logInAll(target, 'alice', 'bob');
  const foreign = p2p(other!.userId, freshUser('carol'));
  for (let row = 0; row < 2; row++) {
    for (let i = 0; i < BAD_IN_A_ROW - 1; i++) assertRefused(await sendRaw(client!, { cmd: 99 }), 400);
    assertRefused(await pull(client!, foreign), 403);
  }
  await assertOpen(client!);
});

test('a 429 neither counts nor breaks the row', { skip: NEEDS_OWN_SERVER }, async () => {
  const client = await logIn(slow);
  const codes: number[] = [];
  while (codes.filter((code) => code === 400).length < BAD_IN_A_ROW) {
    const answer = await sendRaw(client, { cmd: 99 });
    codes.push(answer.code);
    if (answer.code === 429) await new Promise((done) => setTimeout(done, answer.payload.retry_after_ms));
  }
  assert.equal((await client.closed).code, 4400);
  assert.ok(codes.includes(429), 'the rate limit came in between');
  assert.deepEqual([...new Set(codes)].sort(), [400, 429]);
});
