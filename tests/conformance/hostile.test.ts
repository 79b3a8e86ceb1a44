import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect as connectTcp, type Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../harness/eventually.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { connect, type RawClient } from '../harness/raw-client.ts';
import { openTcp, upgradeHead, upgradeHeaders } from '../harness/raw-http.ts';
import { readMetric } from '../harness/read-metrics.ts';
import { assertOpen, chatPacket, heartbeat, logIn, logInAll, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

const MESSAGE_BYTES_MAX = 64 * 1024;
const ROUNDS = 3;
/** First byte of a close frame. */
const CLOSE_FRAME = 0x88;
/** What the memory of the process may grow by over the rounds, above that after the first. */
const GROWTH_BYTES_MAX = 100 * 1024 * 1024;

const target = await useTarget();

/** A WebSocket without a library, for frames that no library writes. */
async function rawSocket(): Promise<Socket> {
  const asked = request(`${target.nextUrl()}/ws`, { headers: upgradeHeaders() });
  asked.end();
  const [, socket] = (await once(asked, 'upgrade')) as [unknown, Socket];
  return socket;
}

/** Resolves when it is closed, by an error or not. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) =>
    socket
      .on('error', () => {})
      .resume()
      .once('close', resolve),
  );
}

/** A masked frame: its first two bytes as they are given, and an all-zero mask. */
function frame(first: number, second: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([first, second | 0x80]), Buffer.alloc(4), payload]);
}

const BROKEN_FRAMES: Record<string, Buffer> = {
  'a reserved opcode': frame(0x83, 0),
  'a reserved control opcode': frame(0x8b, 0),
  'RSV1 without an extension': frame(0xc1, 2, Buffer.from('{}')),
  'an unmasked frame': Buffer.from([0x81, 0x02, 0x7b, 0x7d]),
  'a fragmented ping': frame(0x09, 0),
  'a ping of more than 125 bytes': frame(0x89, 126, Buffer.alloc(130)),
  'a continuation of nothing': frame(0x80, 2, Buffer.from('{}')),
  'a text within a text': Buffer.concat([frame(0x01, 1, Buffer.from('{')), frame(0x81, 1, Buffer.from('}'))]),
  'a close of one byte': frame(0x88, 1, Buffer.from([0x03])),
  'a close with a code that is none': frame(0x88, 2, Buffer.from([0x03, 0xed])),
  'a length of eight bytes that nothing could hold': Buffer.from([
    0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  ]),
};

test('a frame that breaks the WebSocket protocol is answered with a close, and harms that connection alone', async () => {
  const other = await logIn(target);
  for (const [what, bytes] of Object.entries(BROKEN_FRAMES)) {
    const socket = await rawSocket();
    socket.write(bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal(answer[0], CLOSE_FRAME, what);
    assert.ok([1002, 1009].includes(answer.readUInt16BE(2)), what);
    const ended = closeOf(socket);
    socket.end();
    await ended;
    await assertOpen(other);
  }
});

test('bytes that are no HTTP at all end the connection, and that alone', async () => {
  const { hostname, port } = new URL(target.nextUrl());
  const inputs = [
    randomBytes(2000),
    Buffer.from('GET /ws HTTP/1.1\r\n\r\n'),
    Buffer.from('\x16\x03\x01\x02\x00'),
  ];
  inputs.push(Buffer.from(`GET /${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`));
  inputs.push(Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${'X-Header: 1\r\n'.repeat(5000)}\r\n`));
  for (const bytes of inputs) {
    const socket = connectTcp(Number(port), hostname);
    const ended = closeOf(socket);
    socket.end(bytes);
    await ended;
  }
  await assertOpen(await logIn(target));
});

test('an upgrade that is none is refused', async () => {
  for (const headers of [
    { 'Sec-WebSocket-Key': 'short' },
    { 'Sec-WebSocket-Version': '7' },
    { 'Sec-WebSocket-Key': '' },
  ]) {
    const asked = request(`${target.nextUrl()}/ws`, { headers: { ...upgradeHeaders(), ...headers } });
    asked.end();
    const [response] = await once(asked, 'response');
    assert.ok(response.statusCode >= 400 && response.statusCode < 500);
    response.resume();
    asked.destroy();
  }
});

/** What comes first in answer to these bytes; the connection is ended then. */
async function answerTo(head: string): Promise<string> {
  const socket = await openTcp(target);
  socket.write(head);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  const ended = closeOf(socket);
  socket.end();
  await ended;
  return String(answer);
}

test('an upgrade with a body is none, and leaves nothing behind', { skip: NEEDS_OWN_SERVER }, async () => {
  const before = await metric('im_gateway_connections');
  const upgrade = upgradeHead();
  for (const body of [
    'Content-Length: 2\r\n\r\n{}',
    'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  ]) {
    assert.match(await answerTo(`${upgrade}${body}`), /^HTTP\/1\.1 404 /);
  }
  assert.match(await answerTo(`${upgrade}Content-Length: 0\r\n\r\n`), /^HTTP\/1\.1 101 /);
  await eventually('none is left', async () => (await metric('im_gateway_connections')) <= before);
  assert.ok(!target.own().log().includes('"level":"error"'), target.own().log());
});

test('a message in many small fragments is one message', async () => {
  const client = await logIn(target);
  const text = JSON.stringify({ cmd: 0, msg_id: 'small-pieces', filler: 'x'.repeat(60) });
  for (let i = 0; i < text.length; i++) client.send(text[i]!, { fin: i === text.length - 1 });
  assert.equal((await client.waitFor((packet) => packet.msg_id === 'small-pieces')).code, 0);
});

test('fragments that never end are cut off at 64 KiB', async () => {
  const client = await logIn(target);
  const piece = 'x'.repeat(8192);
  for (let sent = 0; sent <= MESSAGE_BYTES_MAX; sent += piece.length) client.send(piece, { fin: false });
  assert.equal((await client.closed).code, 1009);
});

test('a message that is begun and not ended keeps nobody waiting', async () => {
  const [begun, other] = (await logInAll(target, 'begun', 'other')) as [RawClient, RawClient];
  begun.send('{"cmd":0,"msg_id":"late"', { fin: false });
  await say(other, p2p(begun.userId, other.userId), 'hello');
  await begun.waitFor((packet) => packet.cmd === 2);
  begun.send('}', { fin: true });
  assert.equal((await begun.waitFor((packet) => packet.msg_id === 'late')).code, 0);
});

test('a flood of packets is answered or refused, and others are served meanwhile', async () => {
  const [noisy, quiet] = (await logInAll(target, 'noisy', 'quiet')) as [RawClient, RawClient];
  const mark = noisy.mark();
  const flood = 5000;
  for (let i = 0; i < flood; i++) noisy.send(chatPacket(p2p(noisy.userId, noisy.userId), 'x'));
  assert.equal((await say(quiet, p2p(quiet.userId, quiet.userId), 'calm')).seq, 1);
  const answers = await noisy.waitForAll(flood, (packet) => packet.seq === undefined, 'answers', mark);
  assert.ok(answers.every((packet) => packet.code === 0 || packet.code === 429));
});

test('connections that come and go at once leave nothing behind', async () => {
  for (let round = 0; round < 3; round++) {
    const clients = await Promise.all(Array.from({ length: 60 }, () => connect(target)));
    for (const [i, client] of clients.entries()) {
      if (i % 3 === 0) client.send('{"cmd":1,"payload":{"token":"x","device_id":"d"}}');
      if (i % 3 === 1) client.send('garbage');
      if (i % 2 === 0) client.socket.terminate();
      else client.socket.close();
    }
    await Promise.all(clients.map((client) => client.closed));
  }
  await assertOpen(await logIn(target));
});

/** All kinds of what is wrong, of the greatest size. */
async function junkRound(): Promise<void> {
  const big = 'x'.repeat(MESSAGE_BYTES_MAX - 200);
  const texts = [
    big,
    `{"cmd":0,"x":"${big}"}`,
    `{"cmd":2,"msg_id":"m","payload":{"to":"${big}"}}`,
    '[]',
    `{"${big}":1}`,
  ];
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const client = await logIn(target, { user: freshUser('junk') });
      for (let n = 0; n < 40; n++) client.send(texts[(i + n) % texts.length]!);
      client.send(Buffer.alloc(MESSAGE_BYTES_MAX + 1), { binary: true });
      await client.closed;
    }),
  );
}

function metric(name: string): Promise<number> {
  return readMetric(target.own().internalUrl, name);
}

function residentBytes(): Promise<number> {
  return metric('process_resident_memory_bytes');
}

test('after all of it the process is alive, and its memory has not grown without bound', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  await junkRound();
  const before = await residentBytes();
  assert.ok(before > 0);
  for (let round = 0; round < ROUNDS; round++) await junkRound();
  const grown = (await residentBytes()) - before;
  assert.ok(grown < GROWTH_BYTES_MAX, `grown by ${Math.round(grown / 1024 / 1024)} MiB`);
  assert.equal((await heartbeat(await logIn(target))).code, 0);
  assert.equal(target.own().process.exitCode, null);
});
