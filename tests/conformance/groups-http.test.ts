import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertError, assertOk, createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser } from '../harness/names.ts';
import { ack, assertRefused, assertRejected, chatPacket, logIn, pull, recall, say } from '../harness/talk.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';

const MEMBERS_PER_CALL = 1000;
const FIELDS = ['created_at', 'group_id', 'history', 'member_count', 'name', 'owner_id'];

const [target, small] = await Promise.all([useTarget(), useTarget({ MEMBERS_PER_GROUP: '3' })]);

function users(count: number): string[] {
  return Array.from({ length: count }, () => freshUser('m'));
}

test('POST /v1/groups creates a group: 201, and the group', async () => {
  const [owner, member] = users(2) as [string, string];
  const group_id = freshGroupId();
  const body = { group_id, name: 'Ünïcode & <b>friends</b>', members: [member], history: 'joined' };
  const reply = await apiOf(target, owner).post('/v1/groups', body);
  assert.equal(reply.status, 201);
  assert.deepEqual(Object.keys(reply.body).toSorted(), FIELDS);
  const { created_at, ...group } = reply.body;
  const expected = { group_id, name: body.name, owner_id: owner, history: 'joined', member_count: 2 };
  assert.deepEqual(group, expected);
  assert.ok(Math.abs(created_at - Date.now()) < 60_000, 'milliseconds since 1970');
});

test('without group_id the server makes one; history is "all" unless told', async () => {
  const api = apiOf(target, freshUser('owner'));
  const groups = await Promise.all([1, 2].map(() => api.post('/v1/groups', { name: 'g', members: [] })));
  for (const { body } of groups) {
    assert.match(body.group_id, /^group_[A-Za-z0-9_.-]{1,64}$/);
    assert.equal(body.history, 'all');
    assert.equal((await api.get(`/v1/groups/${body.group_id}`)).status, 200);
  }
  assert.notEqual(groups[0]!.body.group_id, groups[1]!.body.group_id);
});

test('the caller is its owner, whatever the body says', async () => {
  const [owner, other] = users(2) as [string, string];
  const body = { name: 'g', members: [other], owner_id: other };
  const reply = await apiOf(target, owner).post('/v1/groups', body);
  assert.equal(reply.body.owner_id, owner);
});

test('an id that is taken: 409', async () => {
  const [owner, other] = users(2) as [string, string];
  const group_id = await createGroup(target, owner);
  for (const user of [owner, other]) {
    assertError(await apiOf(target, user).post('/v1/groups', { group_id, name: 'mine', members: [] }), 409);
  }
  const { body } = await apiOf(target, owner).get(`/v1/groups/${group_id}`);
  assert.deepEqual([body.name, body.owner_id, body.member_count], ['A group', owner, 1]);
});

test('of two who create one id at once, one has it', async () => {
  const group_id = freshGroupId();
  const replies = await Promise.all(
    users(6).map((user) => apiOf(target, user).post('/v1/groups', { group_id, name: user, members: [] })),
  );
  assert.deepEqual(replies.map((reply) => reply.status).toSorted(), [201, 409, 409, 409, 409, 409]);
});

test('people never seen before may be members, and find the group when they come', async () => {
  const owner = await logIn(target);
  const stranger = freshUser('stranger');
  const id = await createGroup(target, owner.userId, [stranger]);
  await say(owner, id, 'welcome');
  const late = await logIn(target, { user: stranger });
  assert.equal((await pull(late, id)).payload.messages[0].content, 'welcome');
});

test('up to 1000 members in one call; more is 400', async () => {
  const owner = freshUser('owner');
  const api = apiOf(target, owner);
  const members = users(MEMBERS_PER_CALL + 1);
  assertError(await api.post('/v1/groups', { name: 'g', members }), 400);
  const reply = await api.post('/v1/groups', { name: 'g', members: members.slice(1) });
  assert.deepEqual([reply.status, reply.body.member_count], [201, MEMBERS_PER_CALL + 1]);
});

test('who is named twice is a member once', async () => {
  const [owner, member] = users(2) as [string, string];
  const reply = await apiOf(target, owner).post('/v1/groups', {
    name: 'g',
    members: [member, owner, member],
  });
  assert.equal(reply.status, 201);
  assert.equal(reply.body.member_count, 2);
  const list = await apiOf(target, owner).get(`/v1/groups/${reply.body.group_id}/members`);
  const roles = list.body.members.map((entry: { user_id: string; role: string }) => [
    entry.user_id,
    entry.role,
  ]);
  assert.deepEqual(
    roles.toSorted(),
    [
      [owner, 'owner'],
      [member, 'member'],
    ].toSorted(),
  );
});

test('a body that is none is 400', async () => {
  const api = apiOf(target, freshUser('owner'));
  const bad: unknown[] = [
    undefined,
    {},
    [],
    'null',
    '17',
    '"x"',
    '{',
    { members: [] },
    { name: null, members: [] },
  ];
  bad.push(
    { name: 7, members: [] },
    { name: {}, members: [] },
    { name: 'g', members: 'x' },
    { name: 'g', members: {} },
  );
  bad.push({ name: 'g', members: [7] }, { name: 'g', members: [null] }, { name: 'g', members: ['a b'] });
  bad.push(
    { name: 'g', members: [''] },
    { name: 'g', members: ['x'.repeat(65)] },
    { name: 'g', members: [[]] },
  );
  bad.push(
    { name: 'g', members: [], history: 'some' },
    { name: 'g', members: [], history: 1 },
    { name: '', members: [] },
  );
  bad.push({ name: 'g', members: [], group_id: 7 }, { name: 'g', members: [], group_id: 'x' });
  for (const body of bad) assertError(await api.post('/v1/groups', body), 400);
});

test('null is the same as absent, and unknown fields are ignored', async () => {
  const api = apiOf(target, freshUser('owner'));
  const body = { group_id: null, name: 'g', members: [], history: null, unknown: { x: 1 } };
  assert.equal((await api.post('/v1/groups', body)).status, 201);
});

test('GET /v1/groups/:id: members read; others 403; no such group 404', async () => {
  const [owner, member, eve] = users(3) as [string, string, string];
  const id = await createGroup(target, owner, [member]);
  for (const user of [owner, member]) {
    const reply = await apiOf(target, user).get(`/v1/groups/${id}`);
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.body).toSorted(), FIELDS);
    assert.deepEqual([reply.body.group_id, reply.body.member_count], [id, 2]);
  }
  assertError(await apiOf(target, eve).get(`/v1/groups/${id}`), 403);
  assertError(await apiOf(target, owner).get(`/v1/groups/${freshGroupId()}`), 404);
});

test('PATCH /v1/groups/:id: owner and admins change name and history', async () => {
  const [owner, admin, member, eve] = users(4) as [string, string, string, string];
  const id = await createGroup(target, owner, [admin, member]);
  const path = `/v1/groups/${id}`;
  assertOk(await apiOf(target, owner).put(`${path}/members/${admin}`, { role: 'admin' }));
  const renamed = await apiOf(target, admin).patch(path, { name: 'By the admin' });
  assert.equal(renamed.status, 200);
  assert.deepEqual([renamed.body.name, renamed.body.history], ['By the admin', 'all']);
  const changed = await apiOf(target, owner).patch(path, { history: 'joined' });
  assert.deepEqual([changed.body.name, changed.body.history], ['By the admin', 'joined']);
  assertError(await apiOf(target, member).patch(path, { name: 'x' }), 403);
  assertError(await apiOf(target, eve).patch(path, { name: 'x' }), 403);
  assertError(await apiOf(target, owner).patch(`/v1/groups/${freshGroupId()}`, { name: 'x' }), 404);
  for (const body of [{ name: 7 }, { name: '' }, { history: 'some' }, { history: true }]) {
    assertError(await apiOf(target, owner).patch(path, body), 400);
  }
  const { body } = await apiOf(target, member).get(path);
  assert.deepEqual([body.name, body.history, body.owner_id], ['By the admin', 'joined', owner]);
});

test('DELETE /v1/groups/:id: the owner dissolves, 204; nobody else may', async () => {
  const [owner, admin, member, eve] = users(4) as [string, string, string, string];
  const id = await createGroup(target, owner, [admin, member]);
  assertOk(await apiOf(target, owner).put(`/v1/groups/${id}/members/${admin}`, { role: 'admin' }));
  for (const user of [admin, member, eve]) {
    assertError(await apiOf(target, user).delete(`/v1/groups/${id}`), 403);
  }
  const reply = await apiOf(target, owner).delete(`/v1/groups/${id}`);
  assert.deepEqual([reply.status, reply.bytes.length], [204, 0]);
});

test('a group that was dissolved is 404 to everyone, by HTTP', async () => {
  const [owner, member] = users(2) as [string, string];
  const id = await createGroup(target, owner, [member]);
  assertOk(await apiOf(target, owner).delete(`/v1/groups/${id}`));
  const path = `/v1/groups/${id}`;
  for (const user of [owner, member, freshUser('eve')]) {
    const api = apiOf(target, user);
    const replies = [
      await api.get(path),
      await api.patch(path, { name: 'x' }),
      await api.delete(path),
      await api.get(`${path}/members`),
      await api.put(`${path}/members/${user}`),
      await api.patch(`${path}/members/${member}`, { muted_until: null }),
      await api.delete(`${path}/members/${member}`),
      await api.get(`/v1/conversations/${id}/messages`),
    ];
    for (const reply of replies) assertError(reply, 404);
  }
});

test('a group that was dissolved is 404 to everyone, by WebSocket', async () => {
  const [owner, member] = await Promise.all([logIn(target), logIn(target)]);
  const id = await createGroup(target, owner.userId, [member.userId]);
  await say(member, id, 'hello');
  assertOk(await apiOf(target, owner.userId).delete(`/v1/groups/${id}`));
  for (const client of [owner, member]) {
    await assertRejected(client, chatPacket(id, 'still there?'), 404);
    assertRefused(await pull(client, id), 404);
    assertRefused(await ack(client, id, 1), 404);
    assertRefused(await recall(client, id, 1), 404);
  }
});

test('at most MEMBERS_PER_GROUP members: else 400', { skip: NEEDS_OWN_SERVER }, async () => {
  const owner = freshUser('owner');
  const api = apiOf(small, owner);
  assertError(await api.post('/v1/groups', { name: 'g', members: users(3) }), 400);
  const id = await createGroup(small, owner, users(1));
  const third = freshUser('third');
  assertOk(await api.put(`/v1/groups/${id}/members/${third}`));
  assertError(await api.put(`/v1/groups/${id}/members/${freshUser('fourth')}`), 400);
  assertOk(await api.put(`/v1/groups/${id}/members/${third}`));
  assertOk(await api.delete(`/v1/groups/${id}/members/${third}`));
  assertOk(await api.put(`/v1/groups/${id}/members/${freshUser('fourth')}`));
  assert.equal((await api.get(`/v1/groups/${id}`)).body.member_count, 3);
});
