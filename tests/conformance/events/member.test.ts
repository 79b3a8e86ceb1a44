import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Api, apiOf, assertOk, createGroup } from '../../harness/api.ts';
import { freshUser } from '../../harness/names.ts';
import type { Packet, RawClient } from '../../harness/raw-client.ts';
import { event, isEvent, logInAll, say } from '../../harness/talk.ts';
import { useTarget } from '../../harness/target.ts';

const target = await useTarget();

interface Scene {
  alice: RawClient;
  bob: RawClient;
  carol: RawClient;
  /** Of alice, who owns the group; bob is its other member. */
  api: Api;
  id: string;
}

async function scene(): Promise<Scene> {
  const [alice, bob, carol] = (await logInAll(target, 'alice', 'bob', 'carol')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  const id = await createGroup(target, alice.userId, [bob.userId]);
  await event(bob, 'member', { change: 'created' });
  return { alice, bob, carol, api: apiOf(target, alice.userId), id };
}

/** The payload of the event for a change. */
async function memberEvent(client: RawClient, id: string, change: string, fields = {}): Promise<object> {
  const { cmd, code, payload } = await event(client, 'member', { conversation_id: id, change, ...fields });
  assert.deepEqual([cmd, code], [5, 0]);
  return payload;
}

test('created: to all members', async () => {
  const { alice, bob, id } = await scene();
  for (const client of [alice, bob]) {
    const payload = await memberEvent(client, id, 'created');
    assert.deepEqual(payload, { type: 'member', conversation_id: id, change: 'created', by: alice.userId });
  }
});

test('joined: to all members, the new one included; user_id is who joined, by who added', async () => {
  const { alice, bob, carol, id } = await scene();
  assertOk(await apiOf(target, bob.userId).put(`/v1/groups/${id}/members/${carol.userId}`));
  for (const client of [alice, bob, carol]) {
    const payload = await memberEvent(client, id, 'joined');
    const expected = {
      type: 'member',
      conversation_id: id,
      change: 'joined',
      user_id: carol.userId,
      by: bob.userId,
    };
    assert.deepEqual(payload, { ...expected, role: 'member' });
  }
});

test('left: to all members, and to the one who left', async () => {
  const { alice, bob, id } = await scene();
  assertOk(await apiOf(target, bob.userId).delete(`/v1/groups/${id}/members/${bob.userId}`));
  for (const client of [alice, bob]) {
    const payload = await memberEvent(client, id, 'left');
    const expected = {
      type: 'member',
      conversation_id: id,
      change: 'left',
      user_id: bob.userId,
      by: bob.userId,
    };
    assert.deepEqual(payload, expected);
  }
});

test('removed: to all members, and to the one who was removed', async () => {
  const { alice, bob, carol, api, id } = await scene();
  assertOk(await api.put(`/v1/groups/${id}/members/${carol.userId}`));
  assertOk(await api.delete(`/v1/groups/${id}/members/${bob.userId}`));
  for (const client of [alice, bob, carol]) {
    const payload = await memberEvent(client, id, 'removed');
    const expected = {
      type: 'member',
      conversation_id: id,
      change: 'removed',
      user_id: bob.userId,
      by: alice.userId,
    };
    assert.deepEqual(payload, expected);
  }
});

test('role: to all members, with the new role', async () => {
  const { alice, bob, api, id } = await scene();
  for (const role of ['admin', 'member']) {
    assertOk(await api.put(`/v1/groups/${id}/members/${bob.userId}`, { role }));
    for (const client of [alice, bob]) {
      const payload = await memberEvent(client, id, 'role', { role });
      const expected = {
        type: 'member',
        conversation_id: id,
        change: 'role',
        user_id: bob.userId,
        by: alice.userId,
        role,
      };
      assert.deepEqual(payload, expected);
    }
  }
});

test('role, twice, when the group is handed over: the new owner, and the former as admin', async () => {
  const { alice, bob, api, id } = await scene();
  assertOk(await api.put(`/v1/groups/${id}/members/${bob.userId}`, { role: 'owner' }));
  for (const client of [alice, bob]) {
    await memberEvent(client, id, 'role', { user_id: bob.userId, role: 'owner', by: alice.userId });
    await memberEvent(client, id, 'role', { user_id: alice.userId, role: 'admin', by: alice.userId });
  }
});

test('left and role when the owner leaves: the heir by the one who left', async () => {
  const { alice, bob, api, id } = await scene();
  assertOk(await api.delete(`/v1/groups/${id}/members/${alice.userId}`));
  await memberEvent(bob, id, 'left', { user_id: alice.userId });
  await memberEvent(bob, id, 'role', { user_id: bob.userId, role: 'owner', by: alice.userId });
});

test('muted: to all members, with muted_until, which is null when unmuted', async () => {
  const { alice, bob, api, id } = await scene();
  for (const muted_until of [Date.now() + 3_600_000, null]) {
    assertOk(await api.patch(`/v1/groups/${id}/members/${bob.userId}`, { muted_until }));
    for (const client of [alice, bob]) {
      const payload = await memberEvent(client, id, 'muted', { muted_until });
      const expected = {
        type: 'member',
        conversation_id: id,
        change: 'muted',
        user_id: bob.userId,
        by: alice.userId,
      };
      assert.deepEqual(payload, { ...expected, muted_until });
    }
  }
});

test('updated: to all members, without user_id', async () => {
  const { alice, bob, api, id } = await scene();
  assertOk(await api.patch(`/v1/groups/${id}`, { name: 'Another name' }));
  for (const client of [alice, bob]) {
    const payload = await memberEvent(client, id, 'updated');
    assert.deepEqual(payload, { type: 'member', conversation_id: id, change: 'updated', by: alice.userId });
  }
});

test('dissolved: to all who were members, without user_id', async () => {
  const { alice, bob, api, id } = await scene();
  assertOk(await api.delete(`/v1/groups/${id}`));
  for (const client of [alice, bob]) {
    const payload = await memberEvent(client, id, 'dissolved');
    assert.deepEqual(payload, { type: 'member', conversation_id: id, change: 'dissolved', by: alice.userId });
  }
});

test('who is no member hears nothing, and one who was removed nothing more', async () => {
  const { bob, carol, api, id } = await scene();
  assertOk(await api.delete(`/v1/groups/${id}/members/${bob.userId}`));
  assertOk(await api.put(`/v1/groups/${id}/members/${freshUser('dave')}`));
  assertOk(await api.patch(`/v1/groups/${id}`, { name: 'Without bob' }));
  assertOk(await api.put(`/v1/groups/${id}/members/${bob.userId}`));
  assertOk(await api.put(`/v1/groups/${id}/members/${carol.userId}`));
  await memberEvent(bob, id, 'joined', { user_id: carol.userId });
  await memberEvent(carol, id, 'joined', { user_id: carol.userId });
  const changes = (client: RawClient) => client.packets.filter(isEvent('member')).map(change);
  assert.deepEqual(changes(bob), ['created', 'removed', 'joined', 'joined']);
  assert.deepEqual(changes(carol), ['joined']);
});

function change(packet: Packet): string {
  return packet.payload.change;
}

test('a new member gets what is said from then on, one who was removed no more', async () => {
  const { alice, bob, carol, api, id } = await scene();
  await say(alice, id, 'one');
  assertOk(await api.put(`/v1/groups/${id}/members/${carol.userId}`));
  await memberEvent(carol, id, 'joined');
  await say(alice, id, 'two');
  assert.equal((await carol.waitFor((packet) => packet.cmd === 2)).payload.content, 'two');
  assertOk(await api.delete(`/v1/groups/${id}/members/${bob.userId}`));
  await memberEvent(bob, id, 'removed');
  await say(alice, id, 'three');
  const other = await createGroup(target, alice.userId, [bob.userId]);
  await say(alice, other, 'four');
  await bob.waitFor((packet) => packet.payload.content === 'four');
  const heard = bob.packets.filter((packet) => packet.cmd === 2).map((packet) => packet.payload.content);
  assert.deepEqual(heard, ['one', 'two', 'four']);
});
