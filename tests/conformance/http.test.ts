import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { apiOf, assertError, assertOk, call, createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import type { Json, RawClient } from '../harness/raw-client.ts';
import { connect } from '../harness/raw-client.ts';
import { logIn, logInAll, pull, sayAll } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { epochSeconds, signToken, tokenOf, unsignedToken } from '../harness/tokens.ts';

const ORIGIN = 'https://chat.example.com';

const [target, open] = await Promise.all([
  useTarget(),
  useTarget({ ALLOWED_ORIGINS: ORIGIN, AUTH_DEV_TOKENS: 'true' }),
]);
const closed = await useTarget({ AUTH_DEV_TOKENS: 'false' });

/** Somebody with a conversation of 60 messages, for the pages of it. */
let reader: RawClient;
let id: string;

before(async () => {
  [reader] = (await logInAll(target, 'reader')) as [RawClient];
  id = p2p(reader.userId, freshUser('peer'));
  await sayAll(
    reader,
    id,
    Array.from({ length: 60 }, (_, i) => String(i + 1)),
  );
});

const CALLS: [string, string][] = [
  ['GET', '/v1/me'],
  ['PATCH', '/v1/me'],
  ['POST', '/v1/groups'],
  ['GET', '/v1/groups/group_x'],
  ['PATCH', '/v1/groups/group_x'],
  ['DELETE', '/v1/groups/group_x'],
  ['GET', '/v1/groups/group_x/members'],
  ['PUT', '/v1/groups/group_x/members/alice'],
  ['PATCH', '/v1/groups/group_x/members/alice'],
  ['DELETE', '/v1/groups/group_x/members/alice'],
  ['GET', '/v1/conversations'],
  ['GET', '/v1/conversations/p2p:a:a/messages'],
  ['POST', '/v1/uploads'],
  ['GET', '/v1/users/alice/presence'],
];

test('every call needs Authorization: Bearer <JWT>: else 401', async () => {
  const sub = freshUser('alice');
  const exp = epochSeconds() + 3600;
  const good = signToken(target.secret, { sub, exp });
  const bad = [
    '',
    'Bearer',
    'Bearer ',
    'Bearer nonsense',
    good,
    `Basic ${good}`,
    `Bearer ${unsignedToken({ sub, exp })}`,
  ];
  bad.push(
    `Bearer ${signToken(`${target.secret}x`, { sub, exp })}`,
    `Bearer ${signToken(target.secret, { sub })}`,
  );
  bad.push(
    `Bearer ${signToken(target.secret, { sub, exp: exp - 7200 })}`,
    `Bearer ${signToken(target.secret, { exp })}`,
  );
  for (const [method, path] of CALLS) assertError(await call(target, method, path), 401);
  for (const authorization of bad) {
    assertError(await call(target, 'GET', '/v1/me', undefined, { authorization }), 401);
  }
  assert.equal(
    (await call(target, 'GET', '/v1/me', undefined, { authorization: `Bearer ${good}` })).status,
    200,
  );
});

test('errors are { code, error, message } with the HTTP status equal to code', async () => {
  const api = apiOf(target, freshUser('alice'));
  const cases: [number, string, Promise<{ status: number; body: Json; bytes: Buffer; headers: Headers }>][] =
    [
      [400, 'bad_packet', api.post('/v1/groups', {})],
      [401, 'unauthenticated', call(target, 'GET', '/v1/me')],
      [403, 'forbidden', api.get(`/v1/conversations/${id}/messages`)],
      [404, 'not_found', api.get(`/v1/groups/${freshGroupId()}`)],
    ];
  for (const [code, error, reply] of cases) {
    const { status, body, headers } = await reply;
    assert.equal(status, code);
    assert.deepEqual(Object.keys(body).toSorted(), ['code', 'error', 'message']);
    assert.deepEqual([body.code, body.error], [code, error]);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
  }
});

test('an unknown route is 404 in the same form', async () => {
  const api = apiOf(target, freshUser('alice'));
  for (const path of ['/v1', '/v1/', '/v1/nothing', '/v2/me', '/nothing-here', '/v1/me/more', '/v1/groups']) {
    assertError(await api.get(path), 404);
  }
  assertError(await api.delete('/v1/me'), 404);
  assertError(await api.post('/v1/me', {}), 404);
});

test('a path that cannot be decoded, or is too long, is 400 in the same form', async () => {
  const api = apiOf(target, freshUser('alice'));
  for (const part of ['%zz', '%', '%c3%28', '%ff', 'x'.repeat(1000), '%F0%9F%8C%8D'.repeat(200)]) {
    for (const path of [`/v1/groups/${part}`, `/v1/uploads/${part}`, `/v1/users/${part}/presence`])
      assertError(await api.get(path), 400);
  }
});

test('a body that is not JSON, or of another type, is refused in the same form', async () => {
  const api = apiOf(target, freshUser('alice'));
  for (const body of ['{', '{"name":}', '\u0000', '']) assertError(await api.post('/v1/groups', body), 400);
  const text = await api.post('/v1/groups', Buffer.from('name=x'), { 'content-type': 'text/plain' });
  assertError(text, text.status);
  assert.ok(text.status >= 400 && text.status < 500);
});

test('a body that is far too large is refused, and the server goes on', async () => {
  const api = apiOf(target, freshUser('alice'));
  // The server need not read to its end what it will not take, so the client may find itself cut off.
  const reply = await api
    .post('/v1/groups', { name: 'x'.repeat(3_000_000), members: [] })
    .catch(() => undefined);
  if (reply) {
    assert.ok([400, 413].includes(reply.status), String(reply.status));
    assertError(reply, reply.status);
  }
  assertOk(await api.get('/v1/me'));
});

test('__proto__ and constructor in a body change nothing', async () => {
  const api = apiOf(target, freshUser('alice'));
  const body =
    '{"name":"g","members":[],"__proto__":{"history":"joined"},"constructor":{"prototype":{"x":1}}}';
  const reply = await api.post('/v1/groups', body);
  assert.ok(
    reply.status === 400 || (reply.status === 201 && reply.body.history === 'all'),
    String(reply.bytes),
  );
  assertOk(await api.get('/v1/me'));
});

test('GET /v1/me: user_id, nickname, last_ack_seq', async () => {
  const user = freshUser('alice');
  const reply = await apiOf(target, user).get('/v1/me');
  assert.equal(reply.status, 200);
  assert.deepEqual(Object.keys(reply.body).toSorted(), ['last_ack_seq', 'nickname', 'user_id']);
  assert.deepEqual([reply.body.user_id, reply.body.last_ack_seq], [user, 0]);
});

test('PATCH /v1/me sets the nickname', async () => {
  const user = freshUser('alice');
  const api = apiOf(target, user);
  for (const nickname of ['Alice', 'Älice 🌍 <b>', 'x']) {
    const reply = await api.patch('/v1/me', { nickname });
    assert.deepEqual(reply.body, { user_id: user, nickname, last_ack_seq: 0 });
    assert.equal((await api.get('/v1/me')).body.nickname, nickname);
  }
  for (const nickname of [7, {}, [], true, 'x'.repeat(10_000)]) {
    assertError(await api.patch('/v1/me', { nickname }), 400);
  }
  assert.equal((await api.get('/v1/me')).body.nickname, 'x');
});

test('GET /v1/conversations/:id/messages is as the pull of a conversation', async () => {
  const api = apiOf(target, reader.userId);
  const path = `/v1/conversations/${id}/messages`;
  const cases: [string, number | undefined, object][] = [
    ['', undefined, {}],
    ['?after_seq=10', 10, {}],
    ['?after_seq=10&limit=3', 10, { limit: 3 }],
    ['?before_seq=20&limit=4', undefined, { before_seq: 20, limit: 4 }],
    ['?before_seq=1', undefined, { before_seq: 1 }],
    ['?after_seq=60', 60, {}],
    ['?after_seq=1000000', 1_000_000, {}],
    ['?limit=100000', 0, { limit: 100_000 }],
  ];
  for (const [query, seq, extra] of cases) {
    const reply = await api.get(path + query);
    assert.equal(reply.status, 200, query);
    assert.deepEqual(reply.body, (await pull(reader, id, seq, extra)).payload, query);
  }
  const encoded = await api.get(`/v1/conversations/${encodeURIComponent(id)}/messages?limit=1`);
  assert.equal(encoded.body.conversation_id, id);
});

test('GET messages: 400 for what is no number, or both after_seq and before_seq', async () => {
  const api = apiOf(target, reader.userId);
  const bad = [
    'limit=0',
    'limit=-1',
    'limit=x',
    'limit=1.5',
    'limit=',
    'after_seq=-1',
    'after_seq=x',
    'before_seq=x',
  ];
  bad.push(
    'after_seq=1&before_seq=9',
    'after_seq=0&before_seq=9',
    'after_seq=1e3',
    'limit=1&limit=2',
    'limit=99999999999999999999',
  );
  for (const query of bad) assertError(await api.get(`/v1/conversations/${id}/messages?${query}`), 400);
});

test('GET messages: a conversation id of no form 400, another’s 403, no group 404', async () => {
  const api = apiOf(target, reader.userId);
  const at = (conversation: string) =>
    api.get(`/v1/conversations/${encodeURIComponent(conversation)}/messages`);
  for (const conversation of ['x', 'p2p:b:a', 'group_', 'p2p:a', 'group_a b'])
    assertError(await at(conversation), 400);
  assertError(await at(p2p(freshUser('a'), freshUser('b'))), 403);
  assertError(await at(await createGroup(target, freshUser('owner'))), 403);
  assertError(await at(freshGroupId()), 404);
  const empty = await at(p2p(reader.userId, freshUser('nobody')));
  assert.deepEqual([empty.status, empty.body.messages, empty.body.head_seq], [200, [], 0]);
});

test('GET of lists: a limit below 1, or none, is 400', async () => {
  const api = apiOf(target, reader.userId);
  for (const query of ['limit=0', 'limit=-1', 'limit=x'])
    assertError(await api.get(`/v1/conversations?${query}`), 400);
});

test('a cursor that the server did not give is refused, or leads somewhere; never an error of the server', async () => {
  const api = apiOf(target, reader.userId);
  const group = await createGroup(target, reader.userId);
  for (const path of ['/v1/conversations', `/v1/groups/${group}/members`]) {
    for (const cursor of [
      'x',
      '',
      'e30',
      '%00',
      'bnVsbA',
      '%F0%9F%8C%8D',
      'A'.repeat(500),
      'W10',
      'eyJhIjoxfQ',
    ]) {
      const reply = await api.get(`${path}?cursor=${cursor}`);
      assert.ok([200, 400].includes(reply.status), `${path} ${cursor}: ${reply.status}`);
    }
  }
});

test('an OpenAPI 3.1 document at /v1/openapi.json, with every call, and a page for it at /docs', async () => {
  const { status, body } = await call(target, 'GET', '/v1/openapi.json');
  assert.equal(status, 200);
  assert.match(body.openapi, /^3\.1\./);
  const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '*')}`),
  );
  for (const [method, path] of CALLS) {
    const pattern = path.replace('group_x', '*').replace('alice', '*').replace('p2p:a:a', '*');
    assert.ok(described.includes(`${method} ${pattern}`), `${method} ${pattern} of ${described}`);
  }
  let page = await call(target, 'GET', '/docs');
  if (page.status >= 300 && page.status < 400)
    page = await call(target, 'GET', page.headers.get('location')!);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
});

test('CORS follows ALLOWED_ORIGINS', { skip: NEEDS_OWN_SERVER }, async () => {
  const authorization = `Bearer ${tokenOf(open.secret, freshUser('alice'))}`;
  const allowed = await call(open, 'GET', '/v1/me', undefined, { authorization, origin: ORIGIN });
  assert.equal(allowed.headers.get('access-control-allow-origin'), ORIGIN);
  const other = await call(open, 'GET', '/v1/me', undefined, {
    authorization,
    origin: 'https://evil.example',
  });
  assert.notEqual(other.headers.get('access-control-allow-origin'), 'https://evil.example');
  assert.notEqual(other.headers.get('access-control-allow-origin'), '*');
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const asked = {
      'access-control-request-method': method,
      'access-control-request-headers': 'authorization',
    };
    const preflight = await call(open, 'OPTIONS', '/v1/me', undefined, { origin: ORIGIN, ...asked });
    assert.ok(preflight.status === 204 || preflight.status === 200);
    assert.equal(preflight.headers.get('access-control-allow-origin'), ORIGIN);
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', new RegExp(method));
    assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /authorization/i);
  }
});

test('without ALLOWED_ORIGINS no other site may read', { skip: NEEDS_OWN_SERVER }, async () => {
  const authorization = `Bearer ${tokenOf(target.secret, freshUser('alice'))}`;
  const reply = await call(target, 'GET', '/v1/me', undefined, { authorization, origin: ORIGIN });
  assert.equal(reply.headers.get('access-control-allow-origin'), null);
});

test('POST /v1/dev/token with AUTH_DEV_TOKENS=true: a token for anyone', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const user_id = freshUser('dev');
  const reply = await call(open, 'POST', '/v1/dev/token', { user_id });
  assert.equal(reply.status, 200);
  assert.deepEqual(Object.keys(reply.body), ['token']);
  const client = await connect(open);
  const login = await client.request({ cmd: 1, payload: { token: reply.body.token, device_id: 'd' } });
  assert.equal(login.payload.user_id, user_id);
  const authorization = `Bearer ${reply.body.token}`;
  assert.equal((await call(open, 'GET', '/v1/me', undefined, { authorization })).body.user_id, user_id);
  for (const bad of [undefined, '', 'a b', 7, null, '_x', {}]) {
    assertError(await call(open, 'POST', '/v1/dev/token', { user_id: bad }), 400);
  }
});

test('POST /v1/dev/token without it: 404', { skip: NEEDS_OWN_SERVER }, async () => {
  assertError(await call(closed, 'POST', '/v1/dev/token', { user_id: 'anyone' }), 404);
});

test('the internal port has /livez, /readyz and /metrics; the public one has none', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const { internalUrl } = target.own();
  await logIn(target);
  for (const path of ['/livez', '/readyz']) assert.equal((await fetch(internalUrl + path)).status, 200);
  const metrics = await fetch(`${internalUrl}/metrics`);
  assert.equal(metrics.status, 200);
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/);
  const text = await metrics.text();
  assert.match(text, /^im_gateway_connections [1-9]/m);
  assert.ok(!text.includes(reader.userId), 'no label ever holds a user');
  for (const path of ['/livez', '/readyz', '/metrics'])
    assert.equal((await call(target, 'GET', path)).status, 404);
});
