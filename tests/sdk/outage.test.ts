import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { memoryStore } from '../../src/sdk/index.ts';
import { until } from '../contract/wait.ts';
import { createRestartableServer, type RestartableServer } from '../harness/restartable-server.ts';
import { connectUser, createGroup, createUser, type SdkUser } from './sdk-user.ts';

const CHAT = 'p2p:ann:bob';
const GROUP = 'group_g';

async function startServer(t: TestContext): Promise<RestartableServer> {
  const server = await createRestartableServer({ MESSAGES_PER_SECOND: '10000' });
  t.after(() => server[Symbol.asyncDispose]());
  await server.start();
  return server;
}

async function end(server: RestartableServer, signal: NodeJS.Signals): Promise<void> {
  server.signal(signal);
  await server.exited();
}

/** Sends to both conversations; gives what becomes of it. */
function sendMany(user: SdkUser, from: number, to: number) {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return numbers.flatMap((n) => [
    user.client.send({ conversationId: CHAT, content: `${n}` }),
    user.client.send({ conversationId: GROUP, content: `${n}` }),
  ]);
}

async function holdsAll(user: SdkUser, count: number): Promise<void> {
  for (const id of [CHAT, GROUP]) {
    const messages = await user.received(id, count);
    assert.deepEqual(
      messages.map(({ content }) => Number(content)),
      messages.map(({ seq }) => seq),
    );
  }
}

describe('outage', () => {
  test('of a server that is killed loses and doubles nothing', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    const bob = await connectUser(t, server, 'bob');
    await createGroup(ann, GROUP, [bob]);
    let sent = 0;
    const handles = sendMany(ann, 1, 300);
    for (const handle of handles) handle.sent.then(() => (sent += 1));
    // In the midst of it: some are stored, some answered only, most are neither.
    await until('some are sent', () => sent > 50);
    await end(server, 'SIGKILL');
    const whileAway = sendMany(ann, 301, 310);
    await until('both are away', () => ann.client.state !== 'online' && bob.client.state !== 'online');
    await server.start();
    await Promise.all([...handles, ...whileAway].map((handle) => handle.stored));
    await holdsAll(bob, 310);
    await holdsAll(ann, 310);
  });

  test('of a server that is killed again and again, neither', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    const bob = await connectUser(t, server, 'bob');
    await createGroup(ann, GROUP, [bob]);
    const handles = sendMany(ann, 1, 400);
    let stored = 0;
    for (const handle of handles) handle.stored.then(() => (stored += 1));
    for (const milestone of [100, 250, 400, 600]) {
      await until(`${milestone} are stored`, () => stored >= milestone);
      await end(server, 'SIGKILL');
      await server.start();
    }
    await Promise.all(handles.map((handle) => handle.stored));
    await holdsAll(bob, 400);
    await holdsAll(ann, 400);
  });

  test('by a restart in good order: clients are sent away, come back, and miss nothing', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    const bob = await connectUser(t, server, 'bob');
    await createGroup(ann, GROUP, [bob]);
    let sent = 0;
    const handles = sendMany(ann, 1, 200);
    for (const handle of handles) handle.sent.then(() => (sent += 1));
    await until('some are sent', () => sent > 20);
    await end(server, 'SIGTERM');
    await server.start();
    await Promise.all(handles.map((handle) => handle.stored));
    await holdsAll(bob, 200);
    await holdsAll(ann, 200);
  });

  test('at the start: a client waits for the server, and what it was given with it', async (t) => {
    const server = await startServer(t);
    await end(server, 'SIGKILL');
    const ann = createUser(t, server, 'ann');
    const connected = ann.client.connect();
    const { stored } = ann.client.send({ to: 'bob', content: 'early' });
    await until('an attempt has failed', () => ann.client.state === 'waiting');
    await server.start();
    await connected;
    assert.equal((await stored).seq, 1);
  });

  test('hides no message when the inbox has begun a new epoch meanwhile', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    const store = memoryStore();
    const before = await connectUser(t, server, 'bob', { store });
    await ann.client.send({ to: 'bob', content: '1' }).stored;
    await before.received(CHAT, 1);
    await before.client.close();
    await ann.client.send({ to: 'bob', content: '2' }).stored;
    // A standalone server keeps inboxes in memory.
    await end(server, 'SIGTERM');
    await server.start();
    const after = await connectUser(t, server, 'bob', { store });
    await after.received(CHAT, 1, 2);
  });

  test('makes the client forget a group that the user was removed from meanwhile', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    // Comes back only when told to.
    const bob = await connectUser(t, server, 'bob', { reconnect: { baseMs: 600_000, maxMs: 600_000 } });
    await createGroup(ann, GROUP, [bob]);
    await ann.client.send({ conversationId: GROUP, content: 'hi' }).stored;
    await bob.received(GROUP, 1);
    await end(server, 'SIGKILL');
    await until('bob is away', () => bob.client.state === 'waiting');
    await server.start();
    await ann.client.http.request('DELETE', `/v1/groups/${GROUP}/members/bob`);
    bob.client.reconnectNow();
    await until('bob forgot', () => bob.client.conversations.length === 0);
    assert.deepEqual(bob.errors, []);
  });

  test('that left a server empty is seen: numbers that start over are delivered', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    const store = memoryStore();
    const before = await connectUser(t, server, 'bob', { store });
    for (const content of ['1', '2', '3']) await ann.client.send({ to: 'bob', content }).stored;
    await before.received(CHAT, 3);
    await before.client.close();

    const emptied = await startServer(t);
    const annAnew = await connectUser(t, emptied, 'ann');
    await annAnew.client.send({ to: 'bob', content: 'new 1' }).stored;
    const after = await connectUser(t, emptied, 'bob', { store });
    await after.received(CHAT, 1);
    await annAnew.client.send({ to: 'bob', content: 'new 2' }).stored;
    await after.received(CHAT, 2);
  });

  test('leaves the watched users watched', async (t) => {
    const server = await startServer(t);
    const ann = await connectUser(t, server, 'ann');
    const bob = await connectUser(t, server, 'bob');
    await ann.client.send({ to: 'bob', content: 'hi' }).stored;
    assert.deepEqual(
      (await ann.client.watch(['bob'])).map(({ user_id, online }) => [user_id, online]),
      [['bob', true]],
    );
    await end(server, 'SIGKILL');
    await until('ann is away', () => ann.client.state === 'waiting');
    const seen: boolean[] = [];
    ann.client.on('presence', ({ online }) => seen.push(online));
    await server.start();
    await until('bob is seen', () => seen.at(-1) === true);
    await bob.client.close();
    await until('bob is gone', () => seen.at(-1) === false);
  });
});
