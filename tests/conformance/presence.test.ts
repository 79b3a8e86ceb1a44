import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertError, assertOk, createGroup } from '../harness/api.ts';
import { eventually } from '../harness/eventually.ts';
import { freshUser, p2p } from '../harness/names.ts';
import type { RawClient } from '../harness/raw-client.ts';
import { assertOpen, assertRefused, event, isEvent, logIn, logInAll, say, watch } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const WATCHED_MAX = 200;

const target = await useTarget();

/** Users who have talked with the first, so that they may watch one another. */
async function acquainted(...names: string[]): Promise<RawClient[]> {
  const [first, ...others] = await logInAll(target, ...names);
  for (const other of others) await say(first!, p2p(first!.userId, other.userId), 'hello');
  return [first!, ...others];
}

async function leave(client: RawClient): Promise<void> {
  client.socket.close();
  await client.closed;
}

test('watch is answered with the presence of each: user_id, online, last_seen', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  const answer = await alice.request({
    cmd: 6,
    msg_id: 'w',
    payload: { type: 'watch', user_ids: [bob.userId] },
  });
  assert.deepEqual([answer.cmd, answer.code, answer.msg_id], [6, 0, 'w']);
  const [presence] = answer.payload.presence;
  assert.deepEqual(Object.keys(presence).toSorted(), ['last_seen', 'online', 'user_id']);
  assert.deepEqual([presence.user_id, presence.online], [bob.userId, true]);
});

test('last_seen is null for somebody never seen, and a time for somebody who was', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  const stranger = freshUser('stranger');
  await say(alice, p2p(alice.userId, stranger), 'hello');
  const { presence } = (await watch(alice, [stranger])).payload;
  assert.deepEqual(presence, [{ user_id: stranger, online: false, last_seen: null }]);
  await watch(alice, [bob.userId]);
  await leave(bob);
  const { payload } = await event(alice, 'presence', { user_id: bob.userId, online: false });
  assert.ok(Math.abs(payload.last_seen - Date.now()) < 60_000, 'in milliseconds since 1970');
  const [now] = (await watch(alice, [bob.userId])).payload.presence;
  assert.equal(now.online, false);
  assert.ok(Math.abs(now.last_seen - Date.now()) < 60_000);
});

test('only people with whom one shares a conversation can be watched, and oneself; others are left out', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  const [carol, stranger, visited] = await logInAll(target, 'carol', 'stranger', 'visited');
  await createGroup(target, carol!.userId, [alice.userId]);
  await alice.request({ cmd: 3, payload: { conversation_id: p2p(alice.userId, visited!.userId) } });
  const wanted = [bob, carol!, stranger!, visited!, alice].map(({ userId }) => userId);
  const { presence } = (await watch(alice, wanted)).payload;
  assert.deepEqual(
    presence.map((entry: { user_id: string }) => entry.user_id).toSorted(),
    [bob.userId, carol!.userId, alice.userId].toSorted(),
  );
});

test('somebody whom this session watches came or went: the event presence', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  await watch(alice, [bob.userId]);
  await leave(bob);
  const went = await event(alice, 'presence');
  assert.deepEqual([went.cmd, went.code], [5, 0]);
  assert.deepEqual(Object.keys(went.payload).toSorted(), ['last_seen', 'online', 'type', 'user_id']);
  assert.deepEqual([went.payload.user_id, went.payload.online], [bob.userId, false]);
  const mark = alice.mark();
  await logIn(target, { user: bob.userId });
  const came = await event(alice, 'presence', {}, mark);
  assert.deepEqual([came.payload.user_id, came.payload.online], [bob.userId, true]);
});

test('with a second device nobody came, and without it nobody went', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  await watch(alice, [bob.userId]);
  const second = await logIn(target, { user: bob.userId });
  await leave(second);
  const [now] = (await watch(alice, [bob.userId])).payload.presence;
  assert.equal(now.online, true);
  await leave(bob);
  await event(alice, 'presence', { online: false });
  assert.equal(alice.packets.filter(isEvent('presence')).length, 1);
});

test('taking over a device is no coming or going', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  await watch(alice, [bob.userId]);
  const again = await logIn(target, { user: bob.userId, device: bob.deviceId });
  assert.equal((await bob.closed).code, 4409);
  await leave(again);
  await event(alice, 'presence', { online: false });
  assert.equal(alice.packets.filter(isEvent('presence')).length, 1);
});

test('watching replaces the set', async () => {
  const [alice, bob, carol] = (await acquainted('alice', 'bob', 'carol')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  await watch(alice, [bob.userId]);
  const answer = await watch(alice, [carol.userId]);
  assert.deepEqual(
    answer.payload.presence.map((entry: { user_id: string }) => entry.user_id),
    [carol.userId],
  );
  await leave(bob);
  await leave(carol);
  assert.equal((await event(alice, 'presence')).payload.user_id, carol.userId);
});

test('an empty set watches nobody', async () => {
  const [alice, bob, carol] = (await acquainted('alice', 'bob', 'carol')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  await watch(alice, [bob.userId]);
  assert.deepEqual((await watch(alice, [])).payload.presence, []);
  await leave(bob);
  await watch(alice, [carol.userId]);
  await leave(carol);
  assert.equal((await event(alice, 'presence')).payload.user_id, carol.userId);
});

test('at most 200 can be watched', async () => {
  const client = await logIn(target);
  const users = Array.from({ length: WATCHED_MAX + 1 }, () => freshUser('u'));
  assertRefused(await watch(client, users), 400);
  await assertOpen(client);
  assert.equal((await watch(client, users.slice(1))).code, 0);
});

test('a user id that is none is 400', async () => {
  const client = await logIn(target);
  for (const user of ['', '_x', 'a b', 7, null, {}]) {
    assertRefused(
      await client.request({ cmd: 6, payload: { type: 'watch', user_ids: ['good', user] } }),
      400,
    );
  }
});

test('a session that ends stops watching', async () => {
  const [alice, bob, carol] = (await acquainted('alice', 'bob', 'carol')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  await watch(alice, [bob.userId]);
  const again = await logIn(target, { user: alice.userId, device: alice.deviceId });
  await alice.closed;
  await leave(bob);
  await watch(again, [carol.userId]);
  await leave(carol);
  assert.equal((await event(again, 'presence')).payload.user_id, carol.userId);
});

test('each session watches for itself', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  const other = await logIn(target, { user: alice.userId });
  await watch(alice, [bob.userId]);
  await leave(bob);
  await event(alice, 'presence');
  await assertOpen(other);
  assert.deepEqual(other.packets.filter(isEvent('presence')), []);
});

test('GET /v1/users/:id/presence tells user_id, online, devices and last_seen', async () => {
  const [alice, bob] = (await acquainted('alice', 'bob')) as [RawClient, RawClient];
  const path = `/v1/users/${bob.userId}/presence`;
  const api = apiOf(target, alice.userId);
  await logIn(target, { user: bob.userId });
  const reply = await api.get(path);
  assertOk(reply);
  assert.deepEqual(Object.keys(reply.body).toSorted(), ['devices', 'last_seen', 'online', 'user_id']);
  assert.deepEqual([reply.body.user_id, reply.body.online, reply.body.devices], [bob.userId, true, 2]);
  await leave(bob);
  await eventually('one device is left', async () => (await api.get(path)).body.devices === 1);
});

test('the presence of oneself, and of somebody never seen', async () => {
  const alice = await logIn(target);
  const api = apiOf(target, alice.userId);
  const own = await api.get(`/v1/users/${alice.userId}/presence`);
  assert.deepEqual([own.status, own.body.online, own.body.devices], [200, true, 1]);
  const stranger = freshUser('stranger');
  await say(alice, p2p(alice.userId, stranger), 'hello');
  const reply = await api.get(`/v1/users/${stranger}/presence`);
  assert.deepEqual(reply.body, { user_id: stranger, online: false, devices: 0, last_seen: null });
});

test('the presence of people one shares no conversation with: 403', async () => {
  const [alice, bob] = (await logInAll(target, 'alice', 'bob')) as [RawClient, RawClient];
  const api = apiOf(target, alice.userId);
  assertError(await api.get(`/v1/users/${bob.userId}/presence`), 403);
  const group = await createGroup(target, bob.userId, [alice.userId]);
  assertOk(await api.get(`/v1/users/${bob.userId}/presence`));
  assertOk(await api.delete(`/v1/groups/${group}/members/${alice.userId}`));
  assertError(await api.get(`/v1/users/${bob.userId}/presence`), 403);
});
