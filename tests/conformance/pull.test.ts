import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { apiOf, assertOk, createGroup } from '../harness/api.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import type { Json, RawClient } from '../harness/raw-client.ts';
import { assertOpen, assertRefused, logIn, logInAll, pull, pullInbox, say, sayAll } from '../harness/talk.ts';
import { useTarget } from '../harness/target.ts';

const FRAME_BYTES_MAX = 512 * 1024;
const HEAD = 210;
const LARGE_COUNT = 20;
const LARGE_PER_PAGE = 8;
/** Pages of half a megabyte: far more than the buffers of a socket take. */
const AT_ONCE = 40;

const target = await useTarget();

/** A conversation with 210 messages whose contents are their numbers; pages of it are read by many tests. */
let alice: RawClient;
let long: string;

before(async () => {
  [alice] = (await logInAll(target, 'alice')) as [RawClient];
  long = p2p(alice.userId, alice.userId);
  // Three sessions, because each may send a hundred messages in a burst.
  for (let part = 0; part < 3; part++) {
    const session = await logIn(target, { user: alice.userId });
    const size = HEAD / 3;
    await sayAll(
      session,
      long,
      Array.from({ length: size }, (_, i) => String(part * size + i + 1)),
    );
  }
});

function seqs(page: Json): number[] {
  return page.payload.messages.map((message: { seq: number }) => message.seq);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

test('a page: seq of its last message, and conversation_id, messages, has_more, head_seq', async () => {
  const page = await pull(alice, long, 10, { limit: 3 });
  assert.deepEqual(Object.keys(page).toSorted(), ['cmd', 'code', 'msg_id', 'payload', 'seq']);
  assert.deepEqual([page.cmd, page.code, page.seq], [3, 0, 13]);
  const { messages, ...rest } = page.payload;
  assert.deepEqual(rest, { conversation_id: long, has_more: true, head_seq: HEAD });
  assert.deepEqual(
    messages.map((message: Json) => [message.seq, message.content]),
    [
      [11, '11'],
      [12, '12'],
      [13, '13'],
    ],
  );
});

test('seq absent is 0: from the beginning; limit is 50 unless told', async () => {
  const page = await pull(alice, long);
  assert.deepEqual(seqs(page), range(1, 50));
  assert.deepEqual([page.seq, page.payload.has_more], [50, true]);
  assert.deepEqual(seqs(await pull(alice, long, 0)), range(1, 50));
});

test('a limit above 200 counts as 200', async () => {
  for (const limit of [200, 201, 1_000_000]) {
    const page = await pull(alice, long, 0, { limit });
    assert.deepEqual(seqs(page), range(1, 200));
    assert.equal(page.payload.has_more, true);
  }
});

test('a limit below 1 is 400', async () => {
  for (const limit of [0, -1]) {
    assertRefused(await pull(alice, long, 0, { limit }), 400);
    assertRefused(
      await alice.request({ cmd: 3, payload: { conversation_id: long, before_seq: 9, limit } }),
      400,
    );
    assertRefused(await pullInbox(alice, alice.hello.inbox.epoch, 0, { limit }), 400);
    assertRefused(await alice.request({ cmd: 3, payload: { conversations: true, limit } }), 400);
    await assertOpen(alice);
  }
});

test('page after page, each message comes once, in ascending order', async () => {
  const got: number[] = [];
  let page: Json = { seq: 0, payload: { has_more: true } };
  while (page.payload.has_more) {
    page = await pull(alice, long, page.seq, { limit: 47 });
    assert.equal(page.seq, seqs(page).at(-1));
    got.push(...seqs(page));
  }
  assert.deepEqual(got, range(1, HEAD));
});

test('has_more is false on a page that ends at the head', async () => {
  const page = await pull(alice, long, HEAD - 50);
  assert.deepEqual([seqs(page).length, page.payload.has_more], [50, false]);
});

test('the seq of an empty page is the one asked for; beyond the head is an empty page', async () => {
  for (const seq of [HEAD, HEAD + 1, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    const page = await pull(alice, long, seq);
    assert.deepEqual([page.code, page.seq], [0, seq]);
    assert.deepEqual(page.payload, { conversation_id: long, messages: [], has_more: false, head_seq: HEAD });
  }
});

test('before_seq gives older history, the nearest of it, in ascending order', async () => {
  const page = await pull(alice, long, undefined, { before_seq: 100, limit: 5 });
  assert.deepEqual(seqs(page), range(95, 99));
  assert.deepEqual([page.code, page.seq], [0, 99]);
  assert.deepEqual([page.payload.has_more, page.payload.head_seq], [true, HEAD]);
  assert.deepEqual(seqs(await pull(alice, long, undefined, { before_seq: 100 })), range(50, 99));
  assert.equal(seqs(await pull(alice, long, undefined, { before_seq: HEAD, limit: 999 })).length, 200);
});

test('before_seq reaches the beginning, page by page', async () => {
  const got: number[] = [];
  let page: Json;
  do {
    page = await pull(alice, long, undefined, { before_seq: got[0] ?? HEAD + 1, limit: 64 });
    got.unshift(...seqs(page));
  } while (page.payload.has_more);
  assert.deepEqual(got, range(1, HEAD));
});

test('before_seq beyond the head gives the newest', async () => {
  for (const before_seq of [HEAD + 1, HEAD + 50, Number.MAX_SAFE_INTEGER]) {
    const page = await pull(alice, long, undefined, { before_seq, limit: 2 });
    assert.deepEqual(seqs(page), [HEAD - 1, HEAD]);
  }
});

test('the seq of an empty page is 0 for before_seq', async () => {
  const page = await pull(alice, long, undefined, { before_seq: 1 });
  assert.deepEqual([page.code, page.seq, page.payload.messages, page.payload.has_more], [0, 0, [], false]);
  const empty = await pull(alice, p2p(alice.userId, freshUser('nobody')), undefined, { before_seq: 7 });
  assert.deepEqual([empty.seq, empty.payload.head_seq], [0, 0]);
});

test('before_seq with seq too: 400', async () => {
  for (const seq of [0, 1, 50]) {
    assertRefused(
      await alice.request({ cmd: 3, seq, payload: { conversation_id: long, before_seq: 9 } }),
      400,
    );
  }
});

test('a pull that names nothing is 400', async () => {
  for (const payload of [{}, { limit: 5 }, { cursor: 'x' }, { before_seq: 5 }]) {
    assertRefused(await alice.request({ cmd: 3, payload }), 400);
  }
});

/** Texts that take 63 KB each as JSON, where `\u0001` is six bytes: eight of them fit into a frame. */
async function withLargeMessages(): Promise<{ client: RawClient; id: string }> {
  const client = await logIn(target);
  const id = p2p(client.userId, freshUser('bob'));
  const few = Array.from({ length: LARGE_COUNT / 5 }, () => '\u0001'.repeat(10_500));
  // A few at a time, or a megabyte of pushes would wait for a client that is busy sending.
  for (let sent = 0; sent < LARGE_COUNT; sent += few.length) await sayAll(client, id, few);
  return { client, id };
}

function assertFits(client: RawClient): void {
  assert.ok(Buffer.byteLength(client.texts.at(-1)!) <= FRAME_BYTES_MAX);
}

test('a page is cut where its frame would pass 512 KiB', async () => {
  const { client, id } = await withLargeMessages();
  const sizes: number[] = [];
  const got: number[] = [];
  let page: Json = { seq: 0, payload: { has_more: true } };
  while (page.payload.has_more) {
    page = await pull(client, id, page.seq, { limit: 200 });
    assertFits(client);
    assert.equal(page.seq, seqs(page).at(-1));
    got.push(...seqs(page));
    sizes.push(seqs(page).length);
  }
  assert.deepEqual(got, range(1, LARGE_COUNT));
  assert.deepEqual(sizes, [LARGE_PER_PAGE, LARGE_PER_PAGE, LARGE_COUNT - 2 * LARGE_PER_PAGE]);
});

test('a page of older history is cut at its older end', async () => {
  const { client, id } = await withLargeMessages();
  const page = await pull(client, id, undefined, { before_seq: LARGE_COUNT, limit: 200 });
  assertFits(client);
  assert.deepEqual(seqs(page), range(LARGE_COUNT - LARGE_PER_PAGE, LARGE_COUNT - 1));
  assert.deepEqual([page.seq, page.payload.has_more], [LARGE_COUNT - 1, true]);
});

test('a page of the inbox is cut too', async () => {
  const { client } = await withLargeMessages();
  const { epoch } = client.hello.inbox;
  const page = await pullInbox(client, epoch, 0, { limit: 200 });
  assertFits(client);
  const { messages, has_more } = page.payload;
  assert.deepEqual([page.seq, messages.length, has_more], [LARGE_PER_PAGE, LARGE_PER_PAGE, true]);
  assert.equal((await pullInbox(client, epoch, page.seq)).payload.messages[0].inbox_seq, LARGE_PER_PAGE + 1);
});

test('answers to pulls are paced by the socket: however many at once, they never lead to 4413', async () => {
  const { client, id } = await withLargeMessages();
  const other = await logIn(target, { user: client.userId });
  client.socket.pause();
  const pages = Array.from({ length: AT_ONCE }, () => pull(client, id, 0, { limit: 200 }));
  // By the time that another session was served as many, the first would have had all its answers written.
  for (let i = 0; i < AT_ONCE; i++) await pull(other, id, 0, { limit: 200 });
  // Nor do they leave so much waiting that one push more would.
  await say(alice, p2p(alice.userId, client.userId), 'a push in between');
  client.socket.resume();
  for (const page of await Promise.all(pages)) assert.deepEqual(seqs(page), range(1, LARGE_PER_PAGE));
  await client.waitFor((packet) => packet.payload.content === 'a push in between');
  assert.equal(client.close, undefined);
});

test('no member: 403', async () => {
  const eve = await logIn(target);
  const group = await createGroup(target, alice.userId);
  assertRefused(await pull(eve, long), 403);
  assertRefused(await pull(eve, group), 403);
  assertRefused(await pull(eve, group, undefined, { before_seq: 5 }), 403);
});

test('a member who was removed: 403 from then on', async () => {
  const [owner, bob] = (await logInAll(target, 'owner', 'bob')) as [RawClient, RawClient];
  const group = await createGroup(target, owner.userId, [bob.userId]);
  await say(owner, group, 'hello');
  assert.deepEqual(seqs(await pull(bob, group)), [1]);
  assertOk(await apiOf(target, owner.userId).delete(`/v1/groups/${group}/members/${bob.userId}`));
  assertRefused(await pull(bob, group), 403);
});

test('no such group: 404', async () => {
  assertRefused(await pull(alice, freshGroupId()), 404);
});

test('a stored message that was pushed is on the page at once', async () => {
  const [client, bob] = (await logInAll(target, 'carol', 'bob')) as [RawClient, RawClient];
  const id = p2p(client.userId, bob.userId);
  for (let n = 1; n <= 5; n++) {
    const message = await say(client, id, String(n));
    assert.equal((await pull(bob, id, n - 1)).payload.messages[0].msg_id, message.msg_id);
  }
});
