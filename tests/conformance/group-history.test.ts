import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import type { Json, RawClient } from '../harness/raw-client.ts';
import { ack, conversationOf, logInAll, pull, say } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const target = await useTarget();

interface Scene {
  owner: RawClient;
  founder: RawClient;
  late: RawClient;
  id: string;
}

/** A group in which three things were said before `late` joined, and two after. */
async function scene(history: 'all' | 'joined'): Promise<Scene> {
  const [owner, founder, late] = (await logInAll(target, 'owner', 'founder', 'late')) as [
    RawClient,
    RawClient,
    RawClient,
  ];
  const id = await createGroup(target, owner.userId, [founder.userId], { history });
  for (const text of ['1', '2', '3']) await say(owner, id, text);
  assertOk(await apiOf(target, owner.userId).put(`/v1/groups/${id}/members/${late.userId}`));
  for (const text of ['4', '5']) await say(owner, id, text);
  return { owner, founder, late, id };
}

function contents(page: { payload: Json }): string[] {
  return page.payload.messages.map((message: { content: string }) => message.content);
}

test('history "all": a member sees all messages', async () => {
  const { late, founder, id } = await scene('all');
  for (const client of [late, founder])
    assert.deepEqual(contents(await pull(client, id)), ['1', '2', '3', '4', '5']);
});

test('history "joined": a member sees messages from joining on', async () => {
  const { owner, late, founder, id } = await scene('joined');
  for (const client of [owner, founder])
    assert.deepEqual(contents(await pull(client, id)), ['1', '2', '3', '4', '5']);
  const page = await pull(late, id);
  assert.deepEqual(contents(page), ['4', '5']);
  assert.deepEqual([page.seq, page.payload.has_more, page.payload.head_seq], [5, false, 5]);
  assert.deepEqual(contents(await pull(late, id, 1, { limit: 1 })), ['4']);
});

test('what is hidden is not in older history either', async () => {
  const { late, id } = await scene('joined');
  const page = await pull(late, id, undefined, { before_seq: 6 });
  assert.deepEqual([contents(page), page.payload.has_more], [['4', '5'], false]);
  const older = await pull(late, id, undefined, { before_seq: 4 });
  assert.deepEqual([contents(older), older.seq, older.payload.has_more], [[], 0, false]);
});

test('what is hidden is hidden by HTTP', async () => {
  const { late, id } = await scene('joined');
  const api = apiOf(target, late.userId);
  for (const query of ['', '?after_seq=1', '?before_seq=6', '?before_seq=100&limit=10']) {
    const reply = await api.get(`/v1/conversations/${id}/messages${query}`);
    assert.deepEqual(contents({ payload: reply.body }), ['4', '5'], query);
  }
});

test('a hidden message is no last_message', async () => {
  const [owner, late] = (await logInAll(target, 'owner', 'late')) as [RawClient, RawClient];
  const id = await createGroup(target, owner.userId, [], { history: 'joined' });
  await say(owner, id, 'before');
  assertOk(await apiOf(target, owner.userId).put(`/v1/groups/${id}/members/${late.userId}`));
  assert.equal((await conversationOf(late, id)).last_message, null);
  assert.equal((await conversationOf(owner, id)).last_message.content, 'before');
  await say(owner, id, 'after');
  assert.equal((await conversationOf(late, id)).last_message.content, 'after');
});

for (const history of ['all', 'joined'] as const) {
  test(`history "${history}": a new member’s cursors start at the head, so nothing older is unread`, async () => {
    const [owner, late] = (await logInAll(target, 'owner', 'late')) as [RawClient, RawClient];
    const id = await createGroup(target, owner.userId, [], { history });
    for (const text of ['1', '2', '3']) await say(owner, id, text);
    assertOk(await apiOf(target, owner.userId).put(`/v1/groups/${id}/members/${late.userId}`));
    const joined = await conversationOf(late, id);
    assert.deepEqual([joined.head_seq, joined.ack_seq, joined.read_seq, joined.unread], [3, 3, 3, 0]);
    await say(owner, id, '4');
    const after = await conversationOf(late, id);
    assert.deepEqual([after.head_seq, after.ack_seq, after.read_seq, after.unread], [4, 3, 3, 1]);
  });
}

test('the cursors of who comes again start at the head of that moment', async () => {
  const { owner, late, id } = await scene('joined');
  await ack(late, id, 4, 'read');
  assertOk(await apiOf(target, late.userId).delete(`/v1/groups/${id}/members/${late.userId}`));
  await say(owner, id, '6');
  assertOk(await apiOf(target, owner.userId).put(`/v1/groups/${id}/members/${late.userId}`));
  const { ack_seq, read_seq, unread } = await conversationOf(late, id);
  assert.deepEqual([ack_seq, read_seq, unread], [6, 6, 0]);
  assert.deepEqual(contents(await pull(late, id)), []);
  await say(owner, id, '7');
  assert.deepEqual(contents(await pull(late, id)), ['7']);
});

test('the setting holds for all members from when it is changed', async () => {
  const { owner, late, id } = await scene('all');
  const api = apiOf(target, owner.userId);
  assertOk(await api.patch(`/v1/groups/${id}`, { history: 'joined' }));
  assert.deepEqual(contents(await pull(late, id)), ['4', '5']);
  assertOk(await api.patch(`/v1/groups/${id}`, { history: 'all' }));
  assert.deepEqual(contents(await pull(late, id)), ['1', '2', '3', '4', '5']);
});
