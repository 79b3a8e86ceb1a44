import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { apiOf, call } from '../harness/api.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { openTcp, upgradeHead } from '../harness/raw-http.ts';
import { readMetric } from '../harness/read-metrics.ts';
import { logIn, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { tokenOf } from '../harness/tokens.ts';

/** What a client may take for the head of a request, for all of it and for a part of an answer; and to log in, and then to confirm its close. */
const HEAD_MS_MAX = 10_000;
const REQUEST_MS_MAX = 60_000;
const STALLED_MS_MAX = 60_000;
const LOGIN_MS_MAX = 10_000 + 10_000;
/** How late a busy machine may be. */
const LATE_MS_MAX = 10_000;
const DRIP_MS = 250;
/** Of each kind, side by side. */
const CLIENTS = 100;
const GROWTH_BYTES_MAX = 200 * 1024 * 1024;
/** As many as a connection may ask for at once: more bytes than the kernel takes for a client that reads nothing. */
const PICTURES = 8;
/** Together more than the growth that is allowed. */
const TOO_MANY_PICTURES = 400;

const target = await useTarget({ AUTH_DEV_TOKENS: 'true' });

const UPGRADE = `${upgradeHead()}\r\n`;
const POST = [
  'POST /v1/dev/token HTTP/1.1',
  'Host: localhost',
  'Content-Type: application/json',
  'Content-Length: 1000',
].join('\r\n');
const CHUNKED = POST.replace('Content-Length: 1000', 'Transfer-Encoding: chunked');
const ASKED_FOR_MORE = POST.replace(
  'Content-Type',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Type',
);

interface Kind {
  title: string;
  /** Sent at once. */
  first: string | Buffer;
  /** Sent again and again. */
  drip?: string | Buffer;
  withinMs: number;
}

const KINDS: Kind[] = [
  { title: 'nothing at all', first: '', withinMs: HEAD_MS_MAX },
  { title: 'a line of a request byte by byte', first: 'GET /', drip: 'x', withinMs: HEAD_MS_MAX },
  {
    title: 'one header after the other',
    first: 'GET / HTTP/1.1\r\n',
    drip: 'X: y\r\n',
    withinMs: HEAD_MS_MAX,
  },
  { title: 'an upgrade, and not its end', first: UPGRADE.slice(0, -2), withinMs: HEAD_MS_MAX },
  { title: 'a head without its body', first: `${POST}\r\n\r\n`, withinMs: REQUEST_MS_MAX },
  { title: 'a body byte by byte', first: `${POST}\r\n\r\n`, drip: ' ', withinMs: REQUEST_MS_MAX },
  { title: 'a body in chunks', first: `${CHUNKED}\r\n\r\n`, drip: '1\r\n \r\n', withinMs: REQUEST_MS_MAX },
  {
    title: 'a body, in what asks to become a WebSocket and may not',
    first: `${ASKED_FOR_MORE}\r\n\r\n`,
    drip: ' ',
    withinMs: REQUEST_MS_MAX,
  },
  { title: 'a WebSocket, and no login', first: UPGRADE, withinMs: LOGIN_MS_MAX },
  {
    title: 'a frame byte by byte, and no login',
    first: Buffer.concat([Buffer.from(UPGRADE), Buffer.from([0x81, 0xfe, 0xff, 0x00, 0, 0, 0, 0])]),
    drip: ' ',
    withinMs: LOGIN_MS_MAX,
  },
];

/** Opens a connection that only its server ends. */
async function open(first: string | Buffer): Promise<{ socket: Socket; closed: Promise<unknown> }> {
  const socket = await openTcp(target);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (first.length > 0) socket.write(first);
  return { socket, closed };
}

/** Ms from now until the last of the connections is closed by the server. */
async function cutOffAfter({ first, drip }: Pick<Kind, 'first' | 'drip'>): Promise<number> {
  const startedAt = performance.now();
  const connections = await Promise.all(Array.from({ length: CLIENTS }, () => open(first)));
  const timer = setInterval(() => {
    for (const { socket } of connections) if (drip && socket.writable) socket.write(drip);
  }, DRIP_MS);
  for (const { socket } of connections) socket.resume();
  await Promise.all(connections.map(({ closed }) => closed));
  clearInterval(timer);
  return performance.now() - startedAt;
}

const metric = (name: string) => readMetric(target.own().internalUrl, name);

// These wait for the limits of the server, so they wait side by side.
describe('what a slow client sends', { concurrency: true, skip: NEEDS_OWN_SERVER }, () => {
  for (const kind of KINDS) {
    test(`${kind.title}: it is cut off`, async () => {
      const ms = await cutOffAfter(kind);
      assert.ok(ms < kind.withinMs + LATE_MS_MAX, `after ${Math.round(ms)} ms`);
    });
  }

  test('it reads nothing of the pictures that it asked for: it is cut off, and at once where it asks for very many', async () => {
    const user = freshUser('painter');
    const picture = Buffer.alloc(5 * 1024 * 1024);
    picture.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const { url } = (await apiOf(target, user).post('/v1/uploads', picture)).body;
    const ask = `GET ${url} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const greedy = await open(ask.repeat(TOO_MANY_PICTURES));
    greedy.socket.resume();
    await greedy.closed;
    assert.ok(greedy.socket.bytesRead < TOO_MANY_PICTURES * picture.length);

    const startedAt = performance.now();
    const { socket, closed } = await open(ask.repeat(PICTURES));
    socket.pause();
    // Who does not read hears of the end by writing alone. What comes by then is cut off as a head that is late.
    let timer: NodeJS.Timeout | undefined;
    setTimeout(() => {
      timer = setInterval(() => socket.writable && socket.write('x'), DRIP_MS);
    }, STALLED_MS_MAX + LATE_MS_MAX);
    await closed;
    clearInterval(timer);
    const ms = performance.now() - startedAt;
    assert.ok(ms < STALLED_MS_MAX + LATE_MS_MAX + HEAD_MS_MAX, `after ${Math.round(ms)} ms`);
  });

  test('others are served meanwhile, and memory stays bounded', async () => {
    const [alice, bob] = [await logIn(target), await logIn(target)];
    const id = p2p(alice.userId, bob.userId);
    const before = await metric('process_resident_memory_bytes');
    const until = performance.now() + REQUEST_MS_MAX;
    const authorization = `Bearer ${tokenOf(target.secret, alice.userId)}`;
    let said = 0;
    let peak = before;
    while (performance.now() < until) {
      assert.equal((await say(alice, id, 'hello')).seq, ++said);
      await bob.waitFor(({ seq }) => seq === said);
      const reply = await call(target, 'GET', '/v1/me', undefined, { authorization });
      assert.equal(reply.status, 200);
      peak = Math.max(peak, await metric('process_resident_memory_bytes'));
      await new Promise((done) => setTimeout(done, DRIP_MS));
    }
    assert.ok(peak - before < GROWTH_BYTES_MAX, `grown by ${peak - before} bytes`);
  });
});

test('when all are cut off, nothing of them is left', { skip: NEEDS_OWN_SERVER }, async () => {
  // The two who talked.
  assert.equal(await metric('im_gateway_connections'), 2);
});
