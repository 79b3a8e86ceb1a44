import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type RawClient, UpgradeRefused } from '../harness/raw-client.ts';
import { assertOpen, logIn } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

const MESSAGE_BYTES_MAX = 64 * 1024;

const [target, proxied] = await Promise.all([
  useTarget(),
  useTarget({
    ALLOWED_ORIGINS: 'https://chat.example.com,http://localhost:5173',
    TRUST_PROXY: 'true',
  }),
]);

/** A heartbeat of exactly so many bytes: unknown fields are ignored. */
function heartbeatOf(bytes: number): string {
  const empty = JSON.stringify({ cmd: 0, msg_id: 'big', filler: '' });
  return JSON.stringify({ cmd: 0, msg_id: 'big', filler: 'x'.repeat(bytes - empty.length) });
}

function sendInFragments(client: RawClient, text: string, parts: number): void {
  const size = Math.ceil(text.length / parts);
  for (let i = 0; i < parts; i++) {
    client.send(text.slice(i * size, (i + 1) * size), { fin: i === parts - 1 });
  }
}

test('WebSocket at /ws: one JSON object in one text frame', async () => {
  const client = await logIn(target);
  const count = 5;
  for (let i = 0; i < count; i++) client.send({ cmd: 0, msg_id: `h${i}` });
  await client.waitFor((packet) => packet.msg_id === `h${count - 1}`);
  assert.equal(client.texts.length, 1 + count);
  for (const text of client.texts) assert.match(text, /^\{.*\}$/s);
});

test('every packet of the server has an integer cmd and code', async () => {
  const client = await logIn(target);
  client.send({ cmd: 0 });
  client.send({ cmd: 99 });
  client.send({});
  await assertOpen(client);
  for (const packet of client.packets) {
    assert.ok(Number.isInteger(packet.cmd) && Number.isInteger(packet.code), JSON.stringify(packet));
  }
});

test('no compression', async () => {
  const client = await connect(target, { ws: { perMessageDeflate: true } });
  assert.equal(client.socket.extensions, '');
});

test('the text is UTF-8', async () => {
  const client = await logIn(target);
  const text = JSON.stringify({ cmd: 0, msg_id: 'u', note: 'Grüße, 世界 🌍' });
  client.send(Buffer.from(text, 'utf8'));
  assert.equal((await client.waitFor((packet) => packet.msg_id === 'u')).code, 0);
});

test("a client's message is at most 64 KiB: one of exactly that is taken", async () => {
  const client = await logIn(target);
  client.send(heartbeatOf(MESSAGE_BYTES_MAX));
  assert.equal((await client.waitFor((packet) => packet.msg_id === 'big')).code, 0);
});

test('a larger one closes the connection with 1009', async () => {
  const client = await logIn(target);
  client.send(heartbeatOf(MESSAGE_BYTES_MAX + 1));
  assert.equal((await client.closed).code, 1009);
});

test('64 KiB are counted over all frames of a message together', async () => {
  const client = await logIn(target);
  sendInFragments(client, heartbeatOf(MESSAGE_BYTES_MAX), 7);
  assert.equal((await client.waitFor((packet) => packet.msg_id === 'big')).code, 0);
  sendInFragments(client, heartbeatOf(MESSAGE_BYTES_MAX + 1), 7);
  assert.equal((await client.closed).code, 1009);
});

test('a message may come in 4,096 frames; in more it closes the connection with 1008', async () => {
  const client = await logIn(target);
  const text = heartbeatOf(MESSAGE_BYTES_MAX);
  sendInFragments(client, text, 4096);
  assert.equal((await client.waitFor((packet) => packet.msg_id === 'big')).code, 0);
  sendInFragments(client, text, 5000);
  assert.equal((await client.closed).code, 1008);
});

test('a binary frame closes the connection with 1003, whatever is in it', async () => {
  for (const data of [Buffer.from('{"cmd":0}'), Buffer.from([0xff, 0x00]), Buffer.alloc(0)]) {
    const client = await logIn(target);
    client.send(data, { binary: true });
    assert.equal((await client.closed).code, 1003);
  }
});

test('text that is not UTF-8 closes with 1007', async () => {
  for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98]]) {
    const client = await logIn(target);
    client.send(Buffer.concat([Buffer.from('{"cmd":0,"x":"'), Buffer.from(bytes), Buffer.from('"}')]));
    assert.equal((await client.closed).code, 1007);
  }
});

test('text that is not JSON closes with 4400', async () => {
  for (const text of [
    '',
    'hello',
    '{',
    '{"cmd":0,}',
    "{'cmd':0}",
    '{"cmd":0}{"cmd":0}',
    'NaN',
    '\ufeff{"cmd":0}',
  ]) {
    const client = await logIn(target);
    client.send(text);
    assert.equal((await client.closed).code, 4400, JSON.stringify(text));
  }
});

test('not JSON closes with 4400 before the login too', async () => {
  const client = await connect(target);
  client.send('hello');
  assert.equal((await client.closed).code, 4400);
});

test('JSON that is not an object is a refused packet (400), and the connection stays', async () => {
  for (const text of ['[]', '[{"cmd":0}]', '"cmd"', '17', 'true', 'null']) {
    const client = await logIn(target);
    const mark = client.mark();
    client.send(text);
    const answer = await client.waitFor(() => true, 'a refusal', mark);
    assert.equal(answer.code, 400, text);
    assert.equal(answer.cmd, -1);
    await assertOpen(client);
  }
});

test('no Origin (not a browser) is fine', async () => {
  const client = await connect(target);
  assert.equal(client.socket.readyState, client.socket.OPEN);
});

test("an Origin header must be the server's own", async () => {
  const url = target.nextUrl();
  const client = await connect(target, { url, ws: { origin: new URL(url).origin } });
  assert.equal(client.socket.readyState, client.socket.OPEN);
});

test('another Origin is refused with HTTP 403', async () => {
  const url = target.nextUrl();
  const { hostname, port } = new URL(url);
  const others = [
    'https://evil.example',
    'null',
    `http://${hostname}:${Number(port) + 1}`,
    `http://${hostname}`,
  ];
  for (const origin of [...others, `http://${hostname}:${port}.evil.example`, 'not a url']) {
    await assert.rejects(
      connect(target, { url, ws: { origin } }),
      (error) => error instanceof UpgradeRefused && error.status === 403,
      origin,
    );
  }
});

test('its own host and port are those of Host', { skip: NEEDS_OWN_SERVER }, async () => {
  const headers = { Host: 'im.example.org' };
  await connect(target, { ws: { headers, origin: 'https://im.example.org' } });
  await connect(target, {
    ws: { headers: { Host: 'im.example.org:8443' }, origin: 'https://im.example.org:8443' },
  });
  await refusedOrigin(target, { headers, origin: 'https://im.example.org:8443' });
});

test('X-Forwarded-Host counts under TRUST_PROXY alone', { skip: NEEDS_OWN_SERVER }, async () => {
  const ws = { headers: { 'X-Forwarded-Host': 'im.example.org' }, origin: 'https://im.example.org' };
  await refusedOrigin(target, ws);
  await connect(proxied, { ws });
});

test('an Origin in ALLOWED_ORIGINS is fine', { skip: NEEDS_OWN_SERVER }, async () => {
  for (const origin of ['https://chat.example.com', 'http://localhost:5173']) {
    await connect(proxied, { ws: { origin } });
  }
  for (const origin of ['http://chat.example.com', 'https://chat.example.com:444', 'https://example.com']) {
    await refusedOrigin(proxied, { origin });
  }
});

async function refusedOrigin(of: typeof target, ws: { origin: string; headers?: Record<string, string> }) {
  await assert.rejects(
    connect(of, { ws }),
    (error) => error instanceof UpgradeRefused && error.status === 403,
    ws.origin,
  );
}
