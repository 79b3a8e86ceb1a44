import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../harness/eventually.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { connect, isStored, type Json, type RawClient } from '../harness/raw-client.ts';
import { assertOpen, assertRefused, event, heartbeat, logIn, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { epochSeconds, signToken, tokenOf, unsignedToken } from '../harness/tokens.ts';

const [target, crowded] = await Promise.all([useTarget(), useTarget({ CONNECTIONS_PER_USER: '3' })]);

const HOUR_SECONDS = 3600;

/** A login on a fresh connection, with this token. */
async function tryToken(token: unknown, extra: object = {}): Promise<{ client: RawClient; answer: Json }> {
  const client = await connect(target);
  const answer = await client.request({ cmd: 1, payload: { token, device_id: 'd', ...extra } });
  return { client, answer };
}

async function assertNotAuthenticated(token: unknown, why: string): Promise<void> {
  const { client, answer } = await tryToken(token);
  assert.equal(answer.code, 401, why);
  assertRefused(answer, 401);
  assert.equal((await client.closed).code, 4401, why);
}

test('a login opens the session: user_id, device_id, session_id, server_time, heartbeat_ms, inbox', async () => {
  const user = freshUser('alice');
  const before = Date.now();
  const { answer } = await tryToken(tokenOf(target.secret, user), { device_id: 'laptop', platform: 'web' });
  assert.equal(answer.code, 0);
  assert.deepEqual(Object.keys(answer.payload).toSorted(), [
    'device_id',
    'heartbeat_ms',
    'inbox',
    'server_time',
    'session_id',
    'user_id',
  ]);
  const { user_id, device_id, session_id, server_time, heartbeat_ms, inbox } = answer.payload;
  assert.deepEqual([user_id, device_id], [user, 'laptop']);
  assert.match(session_id, /./);
  assert.ok(Math.abs(server_time - before) < 60_000, 'server_time is in milliseconds since 1970');
  assert.ok(Number.isInteger(heartbeat_ms) && heartbeat_ms > 0);
  assert.equal(typeof inbox.epoch, 'string');
  assert.equal(inbox.seq, 0);
});

test('heartbeat_ms is 30 000 unless configured', { skip: NEEDS_OWN_SERVER }, async () => {
  assert.equal((await logIn(target)).hello.heartbeat_ms, 30_000);
});

test('each session has a session_id of its own', async () => {
  const user = freshUser('alice');
  const sessions = await Promise.all([logIn(target, { user }), logIn(target, { user }), logIn(target)]);
  assert.equal(new Set(sessions.map((client) => client.hello.session_id)).size, 3);
});

test('the sub of the token is the user id', async () => {
  const sub = freshUser('subject');
  const claims = { sub, exp: epochSeconds() + HOUR_SECONDS, user_id: 'somebody-else', name: 'x' };
  const { answer } = await tryToken(signToken(target.secret, claims), { user_id: 'somebody-else' });
  assert.equal(answer.payload.user_id, sub);
});

test('exp is required', async () => {
  await assertNotAuthenticated(signToken(target.secret, { sub: freshUser('alice') }), 'no exp');
});

test('nbf is honoured', async () => {
  const claims = { sub: freshUser('alice'), exp: epochSeconds() + HOUR_SECONDS };
  const { answer } = await tryToken(signToken(target.secret, { ...claims, nbf: epochSeconds() - 60 }));
  assert.equal(answer.code, 0);
  const early = signToken(target.secret, { ...claims, nbf: epochSeconds() + 60 });
  await assertNotAuthenticated(early, 'not yet valid');
});

test('5 s of leeway for exp and nbf', async () => {
  const sub = freshUser('alice');
  const now = epochSeconds();
  const late = await tryToken(signToken(target.secret, { sub, exp: now - 2 }));
  assert.equal(late.answer.code, 0);
  const early = await tryToken(signToken(target.secret, { sub, exp: now + HOUR_SECONDS, nbf: now + 3 }));
  assert.equal(early.answer.code, 0);
  await assertNotAuthenticated(signToken(target.secret, { sub, exp: now - 10 }), 'past the leeway');
});

test('a missing or ill-typed token: 401, then close 4401', async () => {
  for (const token of [undefined, null, 17, true, {}, ['x']]) {
    await assertNotAuthenticated(token, JSON.stringify(token) ?? 'absent');
  }
});

test('a login without a payload has no token: 401, then close 4401', async () => {
  for (const packet of [{ cmd: 1 }, { cmd: 1, payload: null }, { cmd: 1, payload: {} }]) {
    const client = await connect(target);
    assertRefused(await client.request(packet), 401);
    assert.equal((await client.closed).code, 4401);
  }
});

test('a bad token: 401, then close 4401', async () => {
  const claims = { sub: freshUser('alice'), exp: epochSeconds() + HOUR_SECONDS };
  const good = signToken(target.secret, claims);
  const [head, body, signature] = good.split('.');
  const other = signToken(target.secret, { ...claims, sub: 'somebody-else' }).split('.')[1];
  const bad: Record<string, string> = {
    empty: '',
    'no JWT': 'hello',
    'three dots': '...',
    'signed with another key': signToken(`${target.secret}x`, claims),
    'of another body': `${head}.${other}.${signature}`,
    'without signature': `${head}.${body}.`,
    'of alg none': unsignedToken(claims),
    'of alg none with a signature': signToken(target.secret, claims, { alg: 'none' }),
    'with text around': ` ${good} `,
    'with a body that is no JSON': `${head}.!!!!.${signature}`,
  };
  for (const [why, token] of Object.entries(bad)) await assertNotAuthenticated(token, why);
});

test('a sub that is no user id: 401, then close 4401', async () => {
  const exp = epochSeconds() + HOUR_SECONDS;
  for (const sub of [undefined, null, '', 17, '_x', 'a b', 'a:b', 'ä', 'x'.repeat(65), ['a'], {}]) {
    await assertNotAuthenticated(signToken(target.secret, { sub, exp }), JSON.stringify(sub) ?? 'absent');
  }
});

test('an expired token: 401, then close 4401', async () => {
  const claims = { sub: freshUser('alice'), exp: epochSeconds() - HOUR_SECONDS };
  await assertNotAuthenticated(signToken(target.secret, claims), 'expired');
});

test('exp and nbf of a wrong type: 401, then close 4401', async () => {
  const sub = freshUser('alice');
  const exp = epochSeconds() + HOUR_SECONDS;
  for (const claims of [{ exp: String(exp) }, { exp: null }, { exp, nbf: 'yesterday' }, { exp: true }]) {
    await assertNotAuthenticated(signToken(target.secret, { sub, ...claims }), JSON.stringify(claims));
  }
});

test('a bad device_id: 400, and the connection stays', async () => {
  const client = await connect(target);
  const token = tokenOf(target.secret, freshUser('alice'));
  for (const device_id of [undefined, null, 17, '', '_x', 'a b', 'x'.repeat(65), {}]) {
    assertRefused(await client.request({ cmd: 1, payload: { token, device_id } }), 400);
  }
  assert.equal((await client.request({ cmd: 1, payload: { token, device_id: 'd' } })).code, 0);
});

test('any other command before login: 401, and the connection stays open', async () => {
  const client = await connect(target);
  const user = freshUser('alice');
  const self = p2p(user, user);
  const commands = [
    { cmd: 0 },
    { cmd: 2, payload: { conversation_id: self, content: 'x' } },
    { cmd: 3, payload: { conversation_id: self } },
    { cmd: 4, seq: 0, payload: { conversation_id: self } },
    { cmd: 6, payload: { type: 'watch', user_ids: [] } },
    { cmd: 7, payload: { conversation_id: self, seq: 1 } },
  ];
  // Twice over, so that more than ten were refused: 401 is no 400.
  for (const command of [...commands, ...commands]) {
    const answer = await client.request(command);
    assertRefused(answer, 401);
    assert.equal(answer.cmd, command.cmd);
  }
  const login = await client.request({
    cmd: 1,
    payload: { token: tokenOf(target.secret, user), device_id: 'd' },
  });
  assert.equal(login.code, 0);
  assert.equal((await client.request({ cmd: 3, payload: { conversation_id: self } })).payload.head_seq, 0);
});

test('a second login on one connection: 400', async () => {
  const client = await logIn(target);
  const token = tokenOf(target.secret, client.userId);
  assertRefused(await client.request({ cmd: 1, payload: { token, device_id: 'other' } }), 400);
  assertRefused(await client.request({ cmd: 1, payload: { token: 'bad', device_id: 'other' } }), 400);
  const somebody = tokenOf(target.secret, freshUser('bob'));
  assertRefused(await client.request({ cmd: 1, payload: { token: somebody, device_id: 'd' } }), 400);
  const message = await say(client, p2p(client.userId, client.userId), 'still me');
  assert.equal(message.payload.sender_id, client.userId);
});

test('a second login sent before the first is answered: 400', async () => {
  const client = await connect(target);
  const login = (user: string) => ({
    cmd: 1,
    payload: { token: tokenOf(target.secret, user), device_id: 'd' },
  });
  const first = freshUser('first');
  const answers = await Promise.all([
    client.request(login(first)),
    client.request(login(freshUser('second'))),
  ]);
  assert.deepEqual(
    answers.map((answer) => answer.code),
    [0, 400],
  );
  assert.equal((await say(client, p2p(first, first), 'x')).payload.sender_id, first);
});

test('one user may be logged in on many devices', async () => {
  const user = freshUser('alice');
  const devices = await Promise.all(Array.from({ length: 20 }, () => logIn(target, { user })));
  await say(devices[0]!, p2p(user, user), 'to all');
  for (const device of devices) assert.equal((await device.waitFor(isStored)).payload.content, 'to all');
});

test('20 connections at most: one more is 429, close 4429', { skip: NEEDS_OWN_SERVER }, async () => {
  const user = freshUser('alice');
  const devices = await Promise.all(Array.from({ length: 20 }, () => logIn(target, { user })));
  const { client, answer } = await tryToken(tokenOf(target.secret, user), { device_id: 'one-more' });
  assertRefused(answer, 429);
  assert.ok(answer.payload.retry_after_ms > 0);
  assert.equal((await client.closed).code, 4429);
  for (const device of devices) await assertOpen(device);
  assert.equal(
    (await tryToken(tokenOf(target.secret, freshUser('bob')))).answer.code,
    0,
    'each user for itself',
  );
});

test('CONNECTIONS_PER_USER: one that closes, or is taken over, makes room', {
  skip: NEEDS_OWN_SERVER,
}, async () => {
  const user = freshUser('alice');
  const devices = await Promise.all(['a', 'b', 'c'].map((device) => logIn(crowded, { user, device })));
  const again = await logIn(crowded, { user, device: 'c' });
  assert.equal((await devices[2]!.closed).code, 4409);
  again.socket.close();
  await again.closed;
  // The server may notice the close a moment after the client did.
  await eventually('there is room', async () => {
    const client = await connect(crowded);
    const login = { token: tokenOf(crowded.secret, user), device_id: 'd' };
    return (await client.request({ cmd: 1, payload: login })).code === 0;
  });
});

test('a login with a device_id that is connected takes over: event kicked, and close 4409', async () => {
  const user = freshUser('alice');
  const older = await logIn(target, { user, device: 'phone' });
  const bystander = await logIn(target, { user, device: 'tablet' });
  const newer = await logIn(target, { user, device: 'phone' });
  const kicked = await event(older, 'kicked');
  assert.equal(kicked.code, 0);
  assert.match(kicked.payload.reason, /./);
  assert.equal((await older.closed).code, 4409);
  await assertOpen(newer);
  await assertOpen(bystander);
  await say(newer, p2p(user, user), 'hello');
  assert.equal((await bystander.waitFor(isStored)).payload.content, 'hello');
  assert.equal(older.packets.at(-1), kicked, 'the event is the last that the older one gets');
});

test('the same device_id of another user takes nothing over', async () => {
  const [alice, bob] = await Promise.all([
    logIn(target, { device: 'phone' }),
    logIn(target, { device: 'phone' }),
  ]);
  await assertOpen(alice);
  await assertOpen(bob);
});

test('of logins with one device_id at the same time one remains', async () => {
  const user = freshUser('alice');
  const token = tokenOf(target.secret, user);
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(target)));
  for (const client of clients) client.send({ cmd: 1, payload: { token, device_id: 'phone' } });
  const closedOnes = new Set<RawClient>();
  await new Promise<void>((resolve) => {
    for (const client of clients) {
      void client.closed.then(() => closedOnes.add(client).size === clients.length - 1 && resolve());
    }
  });
  const [left] = clients.filter((client) => !closedOnes.has(client));
  for (const client of closedOnes) assert.equal(client.close?.code, 4409);
  await say(left!, p2p(user, user), 'I am left');
});

test('the login answers with the head of the inbox', async () => {
  const alice = await logIn(target);
  const self = p2p(alice.userId, alice.userId);
  const message = await say(alice, self, 'one');
  const again = await logIn(target, { user: alice.userId });
  assert.deepEqual(again.hello.inbox, { epoch: alice.hello.inbox.epoch, seq: message.payload.inbox_seq });
  assert.deepEqual((await heartbeat(again)).payload.inbox, again.hello.inbox);
});
