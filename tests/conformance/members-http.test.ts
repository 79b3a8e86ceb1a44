import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertError, assertOk, createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser } from '../harness/names.ts';
import type { Json } from '../harness/raw-client.ts';
import { logIn, say } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const target = await useTarget();

/** A group with an owner, two admins and two members, who joined in this order, and somebody outside. */
interface Scene {
  owner: string;
  admin: string;
  admin2: string;
  member: string;
  member2: string;
  eve: string;
  path: string;
}

async function scene(): Promise<Scene> {
  const [owner, admin, admin2, member, member2, eve] = Array.from({ length: 6 }, () => freshUser('u'));
  const people = {
    owner: owner!,
    admin: admin!,
    admin2: admin2!,
    member: member!,
    member2: member2!,
    eve: eve!,
  };
  const path = `/v1/groups/${await createGroup(target, people.owner)}/members`;
  for (const user of [admin, admin2, member, member2]) await joinLater(people.owner, path, user!);
  for (const user of [admin, admin2])
    assertOk(await apiOf(target, people.owner).put(`${path}/${user}`, { role: 'admin' }));
  return { ...people, path };
}

/** Who joins is to have joined after the one before, also in milliseconds. */
async function joinLater(by: string, path: string, user: string): Promise<void> {
  const before = Date.now();
  while (Date.now() === before) await new Promise((done) => setImmediate(done));
  assertOk(await apiOf(target, by).put(`${path}/${user}`));
}

async function members(asUser: string, path: string): Promise<Json[]> {
  const reply = await apiOf(target, asUser).get(path);
  assert.equal(reply.status, 200, String(reply.bytes));
  return reply.body.members;
}

async function roleOf(asUser: string, path: string, user: string): Promise<string | undefined> {
  return (await members(asUser, path)).find((entry) => entry.user_id === user)?.role;
}

test('GET members: user_id, role, join_time, join_seq, and muted_until of who is muted', async () => {
  const { owner, admin, member, path } = await scene();
  const until = Date.now() + 3_600_000;
  assertOk(await apiOf(target, owner).patch(`${path}/${member}`, { muted_until: until }));
  const list = await members(member, path);
  assert.equal(list.length, 5);
  for (const entry of list) {
    const fields = ['join_seq', 'join_time', 'role', 'user_id'];
    assert.deepEqual(
      Object.keys(entry).toSorted(),
      entry.user_id === member ? ['join_seq', 'join_time', 'muted_until', 'role', 'user_id'] : fields,
    );
    assert.equal(entry.join_seq, 0);
    assert.ok(Math.abs(entry.join_time - Date.now()) < 60_000);
  }
  const of = (user: string) => list.find((entry) => entry.user_id === user);
  assert.deepEqual([of(owner).role, of(admin).role, of(member).role], ['owner', 'admin', 'member']);
  assert.equal(of(member).muted_until, until);
});

test('GET members comes in pages: each member once, no cursor on the last', async () => {
  const { owner, path } = await scene();
  const got: string[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '2', ...(cursor === undefined ? {} : { cursor }) });
    const reply = await apiOf(target, owner).get(`${path}?${query}`);
    assertOk(reply);
    assert.ok(reply.body.members.length <= 2);
    got.push(...reply.body.members.map((entry: Json) => entry.user_id));
    cursor = reply.body.cursor;
  } while (cursor !== undefined);
  assert.deepEqual(got.toSorted(), (await members(owner, path)).map((entry) => entry.user_id).toSorted());
  for (const query of ['limit=0', 'limit=-1', 'limit=x', 'limit=1.5']) {
    assertError(await apiOf(target, owner).get(`${path}?${query}`), 400);
  }
});

test('GET members: others 403, no such group 404', async () => {
  const { owner, eve, path } = await scene();
  assertError(await apiOf(target, eve).get(path), 403);
  assertError(await apiOf(target, owner).get(`/v1/groups/${freshGroupId()}/members`), 404);
});

test('PUT: any member adds, as member, and gets the member', async () => {
  const { owner, admin, member, path } = await scene();
  for (const by of [owner, admin, member]) {
    const user = freshUser('new');
    const reply = await apiOf(target, by).put(`${path}/${user}`);
    assertOk(reply);
    assert.deepEqual(Object.keys(reply.body).toSorted(), ['join_seq', 'join_time', 'role', 'user_id']);
    assert.deepEqual([reply.body.user_id, reply.body.role], [user, 'member']);
    assert.equal(await roleOf(member, path, user), 'member');
  }
});

test('PUT: with an empty body, {} or {role: null} alike; and role: "member" adds too', async () => {
  const { member, path } = await scene();
  for (const body of [undefined, {}, { role: null }, { role: 'member' }]) {
    const user = freshUser('new');
    const reply = await apiOf(target, member).put(`${path}/${user}`, body);
    assertOk(reply);
    assert.equal(reply.body.role, 'member');
  }
});

test('PUT is idempotent; without role nothing changes for a member', async () => {
  const { owner, admin, member, path } = await scene();
  const before = await members(owner, path);
  for (const user of [owner, admin, member]) {
    for (let i = 0; i < 2; i++) {
      const reply = await apiOf(target, member).put(`${path}/${user}`);
      assertOk(reply);
      assert.deepEqual(
        reply.body,
        before.find((entry) => entry.user_id === user),
      );
    }
  }
  assert.deepEqual(await members(owner, path), before);
});

test('PUT: the owner sets roles, to and fro', async () => {
  const { owner, member, path } = await scene();
  for (const role of ['admin', 'admin', 'member', 'member']) {
    const reply = await apiOf(target, owner).put(`${path}/${member}`, { role });
    assertOk(reply);
    assert.equal(reply.body.role, role);
    assert.equal(await roleOf(member, path, member), role);
  }
});

test('PUT: who is not the owner sets no role (403)', async () => {
  const { admin, member, member2, eve, path } = await scene();
  for (const by of [admin, member, eve]) {
    for (const role of ['admin', 'owner']) {
      assertError(await apiOf(target, by).put(`${path}/${member2}`, { role }), 403);
    }
  }
  assertError(await apiOf(target, admin).put(`${path}/${admin}`, { role: 'owner' }), 403);
  assertError(await apiOf(target, member).put(`${path}/${member}`, { role: 'admin' }), 403);
  assertError(await apiOf(target, admin).put(`${path}/${freshUser('new')}`, { role: 'owner' }), 403);
  assert.equal(await roleOf(member, path, member2), 'member');
});

test('PUT role owner hands the group over; the former owner becomes admin', async () => {
  const { owner, admin, member, path } = await scene();
  const reply = await apiOf(target, owner).put(`${path}/${member}`, { role: 'owner' });
  assertOk(reply);
  assert.equal(reply.body.role, 'owner');
  assert.deepEqual(
    [await roleOf(member, path, owner), await roleOf(member, path, member)],
    ['admin', 'owner'],
  );
  const group = await apiOf(target, member).get(path.replace('/members', ''));
  assert.equal(group.body.owner_id, member);
  assertError(await apiOf(target, owner).put(`${path}/${admin}`, { role: 'member' }), 403);
  assertOk(await apiOf(target, member).put(`${path}/${admin}`, { role: 'member' }));
});

test('PUT: who is no member adds nobody (403), and no group is 404', async () => {
  const { owner, eve, path } = await scene();
  assertError(await apiOf(target, eve).put(`${path}/${eve}`), 403);
  assertError(await apiOf(target, eve).put(`${path}/${freshUser('new')}`), 403);
  assertError(await apiOf(target, owner).put(`/v1/groups/${freshGroupId()}/members/${eve}`), 404);
});

test('PUT of what is no role or no user id is 400', async () => {
  const { owner, member, path } = await scene();
  for (const role of ['king', 7, true, {}, ''])
    assertError(await apiOf(target, owner).put(`${path}/${member}`, { role }), 400);
  for (const user of ['_x', 'a%20b', 'x'.repeat(65), '%C3%A4'])
    assertError(await apiOf(target, owner).put(`${path}/${user}`), 400);
});

test('PATCH muted_until: owner and admins mute; the member is the answer; null unmutes', async () => {
  const { owner, admin, member, path } = await scene();
  const until = Date.now() + 3_600_000;
  for (const by of [owner, admin]) {
    const muted = await apiOf(target, by).patch(`${path}/${member}`, { muted_until: until });
    assert.equal(muted.status, 200);
    assert.deepEqual([muted.body.user_id, muted.body.muted_until], [member, until]);
    const unmuted = await apiOf(target, by).patch(`${path}/${member}`, { muted_until: null });
    assert.equal(unmuted.status, 200);
    assert.ok(unmuted.body.muted_until === undefined || unmuted.body.muted_until === null);
  }
});

test('PATCH muted_until: not on the owner, an admin not on an admin, a member on nobody (403)', async () => {
  const { owner, admin, admin2, member, member2, eve, path } = await scene();
  const body = { muted_until: Date.now() + 3_600_000 };
  const forbidden = [
    [owner, owner],
    [admin, owner],
    [admin, admin2],
    [admin, admin],
    [member, member2],
    [member, admin],
    [member, member],
    [eve, member],
  ];
  for (const [by, on] of forbidden) assertError(await apiOf(target, by!).patch(`${path}/${on}`, body), 403);
  assertOk(await apiOf(target, owner).patch(`${path}/${admin}`, body));
});

test('PATCH: {} is 400, and so is a time that is none; who is not there is 404', async () => {
  const { owner, member, eve, path } = await scene();
  for (const body of [
    {},
    undefined,
    { muted_until: 'soon' },
    { muted_until: true },
    { muted_until: -1 },
    { muted_until: 1.5 },
    { muted_until: {} },
  ]) {
    assertError(await apiOf(target, owner).patch(`${path}/${member}`, body), 400);
  }
  assertError(await apiOf(target, owner).patch(`${path}/${eve}`, { muted_until: null }), 404);
});

test('DELETE: everybody may leave, 204', async () => {
  const { owner, admin, member, path } = await scene();
  for (const user of [admin, member]) {
    const reply = await apiOf(target, user).delete(`${path}/${user}`);
    assert.deepEqual([reply.status, reply.bytes.length], [204, 0]);
    assert.equal(await roleOf(owner, path, user), undefined);
    assertError(await apiOf(target, user).get(path), 403);
  }
  assert.equal((await apiOf(target, owner).get(path.replace('/members', ''))).body.member_count, 3);
});

test('DELETE: the owner removes all, an admin members', async () => {
  const { owner, admin, admin2, member, member2, path } = await scene();
  assert.equal((await apiOf(target, admin).delete(`${path}/${member}`)).status, 204);
  assert.equal((await apiOf(target, owner).delete(`${path}/${member2}`)).status, 204);
  assert.equal((await apiOf(target, owner).delete(`${path}/${admin2}`)).status, 204);
  const left = (await members(owner, path)).map((entry) => entry.user_id);
  assert.deepEqual(left.toSorted(), [owner, admin].toSorted());
});

test('DELETE: an admin removes no admin and no owner, a member nobody, others neither (403)', async () => {
  const { owner, admin, admin2, member, member2, eve, path } = await scene();
  const forbidden = [
    [admin, owner],
    [admin, admin2],
    [member, owner],
    [member, admin],
    [member, member2],
    [eve, member],
  ];
  for (const [by, whom] of forbidden) assertError(await apiOf(target, by!).delete(`${path}/${whom}`), 403);
  assert.equal((await members(owner, path)).length, 5);
});

test('DELETE of who is not a member: 404', async () => {
  const { owner, member, eve, path } = await scene();
  assertError(await apiOf(target, owner).delete(`${path}/${eve}`), 404);
  assertOk(await apiOf(target, owner).delete(`${path}/${member}`));
  assertError(await apiOf(target, owner).delete(`${path}/${member}`), 404);
});

test('when the owner leaves, the admin who joined first becomes owner', async () => {
  const { owner, admin, admin2, path } = await scene();
  assertOk(await apiOf(target, owner).delete(`${path}/${owner}`));
  assert.equal(await roleOf(admin2, path, admin), 'owner');
  assert.equal((await apiOf(target, admin2).get(path.replace('/members', ''))).body.owner_id, admin);
});

test('where there is no admin, the member who joined first', async () => {
  const owner = freshUser('owner');
  const path = `/v1/groups/${await createGroup(target, owner)}/members`;
  // Ids in descending order, so that the first to join is not the first by name.
  const [first, second] = [`z${freshUser('')}`, `a${freshUser('')}`];
  for (const user of [first, second]) await joinLater(owner, path, user);
  assertOk(await apiOf(target, owner).delete(`${path}/${owner}`));
  assert.equal(await roleOf(second, path, first), 'owner');
});

test('the last to leave dissolves', async () => {
  const [owner, member] = [freshUser('owner'), freshUser('member')];
  const path = `/v1/groups/${await createGroup(target, owner, [member])}/members`;
  assertOk(await apiOf(target, owner).delete(`${path}/${owner}`));
  assertOk(await apiOf(target, member).delete(`${path}/${member}`));
  for (const user of [owner, member]) assertError(await apiOf(target, user).get(path), 404);
});

test('join_seq is the head when one joined, also of who comes again', async () => {
  const owner = await logIn(target);
  const member = freshUser('member');
  const id = await createGroup(target, owner.userId);
  const path = `/v1/groups/${id}/members/${member}`;
  const api = apiOf(target, owner.userId);
  for (let n = 1; n <= 3; n++) {
    await say(owner, id, String(n));
    const joined = await api.put(path);
    assert.equal(joined.body.join_seq, n);
    assertOk(await api.delete(path));
  }
});
