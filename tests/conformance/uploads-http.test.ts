import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { apiOf, assertError, call, type Reply } from '../harness/api.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { isStored } from '../harness/raw-client.ts';
import { logInAll, say } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

const UPLOAD_BYTES_MAX = 5 * 1024 * 1024;

const target = await useTarget();

/** The smallest pictures of each kind, whole and valid. */
const PICTURES: Record<string, Buffer> = {
  'image/png': Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  'image/gif': Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'),
  'image/jpeg': Buffer.from(
    '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
    'base64',
  ),
  'image/webp': Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64'),
};

/** A picture of so many bytes: what comes after its end is no matter to who looks at it. */
function pngOf(bytes: number): Buffer {
  const png = PICTURES['image/png']!;
  return Buffer.concat([png, randomBytes(bytes - png.length)]);
}

function upload(body: Buffer, type: string, user = freshUser('painter')): Promise<Reply> {
  return apiOf(target, user).post('/v1/uploads', body, { 'content-type': type });
}

test('POST /v1/uploads keeps a picture: 201 and its url; GET of the url gives it back, without a token', async () => {
  for (const [type, bytes] of Object.entries(PICTURES)) {
    const reply = await upload(bytes, type);
    assert.equal(reply.status, 201, String(reply.bytes));
    assert.deepEqual(Object.keys(reply.body), ['url']);
    const back = await call(target, 'GET', reply.body.url);
    assert.equal(back.status, 200);
    assert.equal(back.headers.get('content-type'), type);
    assert.deepEqual(back.bytes, bytes);
  }
});

test('the url is unguessable: each upload has another, long enough', async () => {
  const bytes = PICTURES['image/png']!;
  const replies = await Promise.all([1, 2, 3].map(() => upload(bytes, 'image/png')));
  const urls = replies.map((reply) => reply.body.url as string);
  assert.equal(new Set(urls).size, urls.length);
  for (const url of urls) assert.match(url, /\/v1\/uploads\/[A-Za-z0-9_-]{16,}\.png$/);
});

test('content is told by its bytes, not its header', async () => {
  const reply = await upload(PICTURES['image/png']!, 'image/jpeg');
  assert.equal(reply.status, 201);
  const back = await call(target, 'GET', reply.body.url);
  assert.equal(back.headers.get('content-type'), 'image/png');
});

test('not an image: 400', async () => {
  const html = Buffer.from('<html><script>alert(1)</script></html>');
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  const bodies: Buffer[] = [
    html,
    svg,
    Buffer.alloc(0),
    Buffer.from('hello'),
    randomBytes(1000),
    Buffer.from('%PDF-1.7'),
  ];
  bodies.push(Buffer.from('BM'), PICTURES['image/png']!.subarray(0, 4), PICTURES['image/png']!.subarray(1));
  for (const body of bodies) assertError(await upload(body, 'image/png'), 400);
});

test('a picture is at most 5 MiB: one of exactly that is taken, a larger one is 413', async () => {
  const largest = await upload(pngOf(UPLOAD_BYTES_MAX), 'image/png');
  assert.equal(largest.status, 201);
  assert.equal((await call(target, 'GET', largest.body.url)).bytes.length, UPLOAD_BYTES_MAX);
  assertError(await upload(pngOf(UPLOAD_BYTES_MAX + 1), 'image/png'), 413);
});

for (const framing of [`Content-Length: ${UPLOAD_BYTES_MAX + 1}`, 'Transfer-Encoding: chunked']) {
  test(`who reads only after having sent all of it is told 413 too (${framing})`, async () => {
    const body = pngOf(UPLOAD_BYTES_MAX + 1);
    const chunked = framing.startsWith('Transfer');
    const socket = connect(Number(new URL(target.nextUrl()).port), '127.0.0.1');
    socket.pause();
    await written(
      socket,
      `POST /v1/uploads HTTP/1.1\r\nHost: here\r\nContent-Type: image/png\r\n${framing}\r\n` +
        `Authorization: Bearer ${tokenOf(target.secret, freshUser('painter'))}\r\n\r\n`,
    );
    if (chunked) await written(socket, `${body.length.toString(16)}\r\n`);
    await written(socket, body);
    if (chunked) await written(socket, '\r\n0\r\n\r\n');
    // The connection is as good as before.
    await written(socket, 'GET /v1/uploads/none HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n');
    const answers = String(Buffer.concat(await socket.toArray()));
    assert.deepEqual(answers.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 413', 'HTTP/1.1 404']);
  });
}

function written(socket: Socket, data: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.write(data, (error) => (error ? reject(error) : resolve()));
  });
}

test('an upload needs a token', async () => {
  const headers = { 'content-type': 'image/png' };
  assertError(await call(target, 'POST', '/v1/uploads', PICTURES['image/png'], headers), 401);
  const bad = { ...headers, authorization: 'Bearer nonsense' };
  assertError(await call(target, 'POST', '/v1/uploads', PICTURES['image/png'], bad), 401);
});

test('no such picture: 404', async () => {
  const paths = [
    `${'A'.repeat(22)}.png`,
    'x.png',
    'x',
    '.png',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    '%00.png',
  ];
  for (const path of paths)
    assert.equal((await call(target, 'GET', `/v1/uploads/${path}`)).status, 404, path);
});

test('a picture is harmless when opened as a page', async () => {
  const reply = await upload(PICTURES['image/gif']!, 'image/gif');
  const back = await call(target, 'GET', reply.body.url);
  assert.equal(back.headers.get('x-content-type-options'), 'nosniff');
});

test('the url is content of type 2, and those who get it can fetch it', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const { body } = await upload(PICTURES['image/webp']!, 'image/webp', alice!.userId);
  await say(alice!, p2p(alice!.userId, bob!.userId), body.url, { msg_type: 2 });
  const message = await bob!.waitFor(isStored);
  assert.deepEqual([message.payload.msg_type, message.payload.content], [2, body.url]);
  assert.deepEqual((await call(target, 'GET', message.payload.content)).bytes, PICTURES['image/webp']);
});

test('pictures and texts keep the order in which they were sent', async () => {
  const [alice, bob] = await logInAll(target, 'alice', 'bob');
  const { body } = await upload(PICTURES['image/png']!, 'image/png', alice!.userId);
  const id = p2p(alice!.userId, bob!.userId);
  const expected: string[] = [];
  for (let i = 0; i < 30; i++) {
    const picture = i % 3 === 0;
    const content = picture ? body.url : String(i);
    expected.push(content);
    const payload = { conversation_id: id, content, msg_type: picture ? 2 : 1 };
    alice!.send({ cmd: 2, msg_id: `${alice!.userId}-${i}`, payload });
  }
  const stored = await bob!.waitForAll(30, isStored);
  const inOrder = stored.toSorted((a, b) => a.seq! - b.seq!).map((packet) => packet.payload.content);
  assert.deepEqual(inOrder, expected);
});
