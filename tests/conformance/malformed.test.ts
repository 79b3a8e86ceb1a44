import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshMsgId, freshUser, p2p } from '../harness/names.ts';
import { connect, type Json, type Packet, type RawClient } from '../harness/raw-client.ts';
import { assertOpen, assertRefused, logIn, say } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const target = await useTarget();

const NO_STRING = [7, 0, true, false, {}, [], ['x']];
const NO_ID = [...NO_STRING, '', 'a b', 'ä', 'x'.repeat(1000), '\ud800', '../x', '__proto__', 'constructor'];
const NO_INTEGER = ['1', '', true, false, {}, [], [1], 1.5, -1, 1e300, -1e300];
const NO_OBJECT = ['x', '', 7, 0, true, false, [], [{}]];

/** A command that is fine, and for each of its fields the values that are not. */
interface Row {
  title: string;
  packet: (self: string) => Json;
  /** Paths with dots. */
  bad: Record<string, unknown[]>;
}

const ROWS: Row[] = [
  { title: 'heartbeat', packet: () => ({ cmd: 0, seq: 0, payload: {} }), bad: { payload: NO_OBJECT } },
  {
    title: 'chat',
    packet: (self) => ({
      cmd: 2,
      payload: { conversation_id: self, content: 'x', msg_type: 1, send_time: 5 },
    }),
    bad: {
      payload: NO_OBJECT,
      'payload.conversation_id': NO_ID,
      'payload.content': [...NO_STRING, '', null],
      'payload.msg_type': ['1', 'text', 0, 3, -1, 1.5, true, {}, [], [1]],
      'payload.send_time': ['5', true, {}, [], 1.5],
      'payload.to': ['x', ...NO_STRING],
    },
  },
  {
    title: 'pull of a conversation',
    packet: (self) => ({ cmd: 3, payload: { conversation_id: self, limit: 5 } }),
    bad: {
      payload: NO_OBJECT,
      'payload.conversation_id': NO_ID,
      'payload.limit': [...NO_INTEGER, 0],
      'payload.before_seq': NO_INTEGER,
    },
  },
  {
    title: 'pull of older history',
    packet: (self) => ({ cmd: 3, payload: { conversation_id: self, before_seq: 5 } }),
    bad: { seq: [0, 1], 'payload.before_seq': NO_INTEGER },
  },
  {
    title: 'pull of the inbox',
    packet: () => ({ cmd: 3, seq: 0, payload: { inbox: '' } }),
    bad: { 'payload.inbox': [...NO_STRING, null], 'payload.limit': [...NO_INTEGER, 0] },
  },
  {
    title: 'pull of the list',
    packet: () => ({ cmd: 3, payload: { conversations: true } }),
    bad: {
      'payload.conversations': ['yes', 1, {}, [], null],
      'payload.cursor': NO_STRING,
      'payload.limit': [...NO_INTEGER, 0],
    },
  },
  {
    title: 'ack',
    packet: (self) => ({ cmd: 4, seq: 1, payload: { conversation_id: self, type: 'read' } }),
    bad: {
      payload: NO_OBJECT,
      seq: [...NO_INTEGER, null],
      'payload.conversation_id': [...NO_ID, null],
      'payload.type': ['seen', '', 'READ', ...NO_STRING],
      'payload.inbox': NO_STRING,
    },
  },
  {
    title: 'typing',
    packet: (self) => ({ cmd: 6, payload: { type: 'typing', conversation_id: self, typing: true } }),
    bad: {
      payload: NO_OBJECT,
      'payload.type': ['laugh', '', 'Typing', null, ...NO_STRING],
      'payload.conversation_id': [...NO_ID, null],
      'payload.typing': ['true', 0, 1, null, {}, []],
    },
  },
  {
    title: 'watch',
    packet: () => ({ cmd: 6, payload: { type: 'watch', user_ids: ['alice'] } }),
    bad: {
      'payload.user_ids': [
        'alice',
        7,
        true,
        {},
        null,
        [7],
        [null],
        [['alice']],
        ['a b'],
        [''],
        ['__proto__'],
      ],
    },
  },
  {
    title: 'recall',
    packet: (self) => ({ cmd: 7, payload: { conversation_id: self, seq: 1 } }),
    bad: {
      payload: NO_OBJECT,
      'payload.conversation_id': [...NO_ID, null],
      'payload.seq': [...NO_INTEGER, null],
    },
  },
];

/** What every command has. */
const ENVELOPE: Record<string, unknown[]> = {
  seq: NO_INTEGER,
  msg_id: [7, true, {}, [], '', 'a b', 'ä', 'x'.repeat(65), '\ud800'],
};

function withField(packet: Json, path: string, value: unknown): Json {
  const [field, ...rest] = path.split('.') as [string, ...string[]];
  return { ...packet, [field]: rest.length === 0 ? value : withField(packet[field], rest.join('.'), value) };
}

/** Sends a packet as it is, and gives its answer: the next that is no push. */
async function ask(client: RawClient, packet: object | string): Promise<Packet> {
  const mark = client.mark();
  client.send(packet);
  return client.waitFor(({ cmd, seq }) => cmd !== 5 && !(cmd === 2 && seq !== undefined), 'an answer', mark);
}

async function withOneMessage(): Promise<{ client: RawClient; self: string }> {
  const client = await logIn(target);
  const self = p2p(client.userId, client.userId);
  await say(client, self, 'one');
  return { client, self };
}

for (const { title, packet, bad } of ROWS) {
  test(`${title}: a wrong type, a value out of range or a missing required field is 400`, async () => {
    const { self } = await withOneMessage();
    const user = self.split(':')[1]!;
    for (const [path, values] of Object.entries({ ...ENVELOPE, ...bad })) {
      // A session for each field, so that none comes near its rate limit.
      const client = await logIn(target, { user });
      for (const value of values) {
        const sent = withField({ msg_id: freshMsgId(), ...packet(self) }, path, value);
        const answer = await ask(client, sent);
        assert.equal(answer.code, 400, `${path} = ${JSON.stringify(value)}: ${JSON.stringify(answer)}`);
        assertRefused(answer, 400);
        assert.equal(answer.cmd, sent.cmd);
        assert.equal(answer.msg_id, path === 'msg_id' ? undefined : sent.msg_id);
        await assertOpen(client);
      }
      client.socket.close();
    }
    // The table would prove nothing if its command were not fine without the bad values.
    const good = await logIn(target, { user });
    const fine = packet(self);
    if (title === 'typing') {
      // It is answered only if refused.
      good.send(fine);
      await assertOpen(good);
      assert.deepEqual(
        good.packets.map(({ code }) => code),
        [0, 0],
      );
    } else assert.equal((await good.request(fine)).code, 0);
  });
}

test('login: a wrong type of what is not the token is 400, and the connection stays', async () => {
  const client = await connect(target);
  const token = tokenOf(target.secret, freshUser('alice'));
  for (const device_id of NO_STRING) {
    assertRefused(await ask(client, { cmd: 1, msg_id: 'l', payload: { token, device_id } }), 400);
    // An unauthenticated command is 401, which breaks the row of refusals.
    assert.equal((await ask(client, { cmd: 0 })).code, 401);
  }
  for (const platform of NO_STRING) {
    assertRefused(
      await ask(client, { cmd: 1, msg_id: 'l', payload: { token, device_id: 'd', platform } }),
      400,
    );
    assert.equal((await ask(client, { cmd: 0 })).code, 401);
  }
  assert.equal((await ask(client, { cmd: 1, payload: { token, device_id: 'd' } })).code, 0);
});

test('numbers may be written in any way that JSON has', async () => {
  const { client, self } = await withOneMessage();
  for (const seq of ['0', '-0', '0.0', '1e0', '10e-1']) {
    const answer = await ask(
      client,
      `{"cmd":3.0,"seq":${seq},"payload":{"conversation_id":"${self}","limit":2e0}}`,
    );
    assert.equal(answer.code, 0, seq);
  }
});

test('a number beyond all limits is answered', async () => {
  const { client, self } = await withOneMessage();
  for (const seq of ['9007199254740992', '99999999999999999999', '1e999', '-1e999']) {
    for (const text of [
      `{"cmd":3,"seq":${seq},"payload":{"conversation_id":"${self}"}}`,
      `{"cmd":3,"payload":{"conversation_id":"${self}","before_seq":${seq}}}`,
      `{"cmd":3,"payload":{"conversation_id":"${self}","limit":${seq}}}`,
      `{"cmd":4,"seq":${seq},"payload":{"conversation_id":"${self}"},"msg_id":"m"}`,
      `{"cmd":7,"payload":{"conversation_id":"${self}","seq":${seq}}}`,
    ]) {
      const answer = await ask(client, text);
      assert.ok([0, 400, 404].includes(answer.code), `${text}: ${JSON.stringify(answer)}`);
      await assertOpen(client);
    }
  }
});

test('deep JSON is taken or refused, and harms nobody', async () => {
  const depth = 30_000;
  const arrays = `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const objects = `${'{"a":'.repeat(depth / 3)}1${'}'.repeat(depth / 3)}`;
  for (const deep of [arrays, objects]) {
    const { client, self } = await withOneMessage();
    for (const text of [
      `{"cmd":0,"x":${deep}}`,
      `{"cmd":0,"payload":${deep}}`,
      `{"cmd":0,"msg_id":${deep}}`,
      `{"cmd":${deep}}`,
      `{"cmd":3,"payload":{"conversation_id":${deep}}}`,
      `{"cmd":2,"msg_id":"m","payload":{"conversation_id":"${self}","content":${deep}}}`,
      `{"cmd":6,"payload":{"type":"watch","user_ids":${deep}}}`,
    ]) {
      assert.ok([0, 400].includes((await ask(client, text)).code), text.slice(0, 60));
      await assertOpen(client);
    }
    assert.equal((await ask(client, deep)).code, 400);
  }
});

test('__proto__ and constructor lend no field', async () => {
  const { client, self } = await withOneMessage();
  const inherited = [
    '{"__proto__":{"cmd":0}}',
    '{"constructor":{"prototype":{"cmd":0}}}',
    `{"cmd":3,"__proto__":{"payload":{"conversation_id":"${self}"}}}`,
    `{"cmd":3,"payload":{"__proto__":{"conversation_id":"${self}"}}}`,
    `{"cmd":2,"__proto__":{"msg_id":"m"},"payload":{"conversation_id":"${self}","content":"x"}}`,
    `{"cmd":2,"msg_id":"m","payload":{"conversation_id":"${self}","__proto__":{"content":"x"}}}`,
    `{"cmd":4,"__proto__":{"seq":1},"payload":{"conversation_id":"${self}"}}`,
    '{"cmd":6,"payload":{"__proto__":{"type":"watch","user_ids":[]}}}',
    `{"cmd":7,"payload":{"conversation_id":"${self}","__proto__":{"seq":1}}}`,
  ];
  for (const text of inherited) {
    assertRefused(await ask(client, text), 400);
    await assertOpen(client);
  }
  // Where the rest is complete they are unknown fields, and for nobody else is anything changed.
  const text = `{"cmd":0,"__proto__":{"code":7},"constructor":{"prototype":{"polluted":1}},"payload":{"__proto__":{"x":1}}}`;
  assert.equal((await ask(client, text)).code, 0);
  const other = await logIn(target);
  assert.ok(!('polluted' in other.hello));
  assertRefused(await ask(other, {}), 400);
});

test('names of what every object has are names like others', async () => {
  const client = await logIn(target);
  const names = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'then', 'toJSON', 'length'];
  for (const to of names) {
    const answer = await client.request({ cmd: 2, payload: { to, content: 'x' } });
    assert.equal(answer.payload.conversation_id, p2p(client.userId, to));
  }
  const self = p2p(client.userId, client.userId);
  for (const [i, msg_id] of [...names, '__proto__', '__defineGetter__'].entries()) {
    assert.equal((await say(client, self, 'x', { msg_id })).seq, i + 1);
  }
  for (const user of names) {
    const client = await logIn(target, { user });
    assert.equal(client.hello.user_id, user);
    client.socket.close();
  }
});

test('lone surrogates are refused wherever they mean something', async () => {
  const { client, self } = await withOneMessage();
  for (const text of [
    '{"cmd":0,"msg_id":"\\ud800"}',
    '{"cmd":3,"payload":{"conversation_id":"p2p:\\ud800:\\udfff"}}',
    '{"cmd":2,"msg_id":"m","payload":{"to":"\\ud800","content":"x"}}',
    `{"cmd":2,"msg_id":"m","payload":{"conversation_id":"${self}","content":"\\udfff"}}`,
    `{"cmd":2,"msg_id":"m","payload":{"conversation_id":"${self}","msg_type":2,"content":"https://a.b/\\ud800"}}`,
    '{"cmd":6,"payload":{"type":"watch","user_ids":["\\ud800"]}}',
  ]) {
    assertRefused(await ask(client, text), 400);
    await assertOpen(client);
  }
  const inbox = await ask(client, '{"cmd":3,"payload":{"inbox":"\\ud800"}}');
  assert.ok(inbox.code === 400 || inbox.payload.resync === true);
});

test('a field that is there twice is one of the two', async () => {
  const client = await logIn(target);
  const answer = await ask(client, '{"cmd":99,"cmd":0,"msg_id":"a","msg_id":"b"}');
  assert.ok(answer.code === 0 || answer.code === 400);
  await assertOpen(client);
});
