import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, logIn, sayAll } from '../harness/talk.ts';
import { skipReason } from './chromium.ts';
import { openStage } from './stage.ts';

const CHAT = 'p2p:alice:bob';

test('what was sent to somebody without a connection comes by itself when it is back', {
  skip: skipReason,
}, async (t) => {
  const stage = await openStage(t);
  const cable = await stage.layCable();
  const alice = await stage.openWindow('alice');
  const bob = await stage.openWindow('bob', { through: cable });
  await alice.startChat('bob');
  await alice.say('before');
  await bob.open(CHAT);
  await alice.marked('before', 'read');

  await cable.cut();
  await bob.page.getByTestId('offline-banner').waitFor();
  for (let n = 1; n <= 5; n += 1) await alice.say(`while away ${n}`);
  await alice.marked('while away 5', 'stored');
  await bob.say('written while away');
  await bob.marked('written while away', 'pending');
  await bob.shot('offline');

  await cable.mend();
  await bob.message('while away 5').waitFor();
  await bob.page.getByTestId('offline-banner').waitFor({ state: 'detached' });
  await alice.message('written while away').waitFor();
  await alice.marked('while away 5', 'read');
  await bob.marked('written while away', 'read');
  const texts = ['before', ...[1, 2, 3, 4, 5].map((n) => `while away ${n}`), 'written while away'];
  for (const window of [alice, bob]) {
    assert.deepEqual(await window.texts(), texts);
    assert.deepEqual(await window.seqs(), [1, 2, 3, 4, 5, 6, 7]);
  }
});

test('a server that is killed loses nothing that it answered, and doubles nothing', {
  skip: skipReason,
}, async (t) => {
  const stage = await openStage(t);
  const alice = await stage.openWindow('alice');
  const bob = await stage.openWindow('bob');
  await alice.startChat('bob');
  await alice.say('number 1');
  await bob.open(CHAT);
  await alice.marked('number 1', 'read');

  const typing = (async () => {
    for (let n = 2; n <= 30; n += 1) await alice.say(`number ${n}`);
  })();
  // The kill comes while she types: some are stored by then, some only answered, and some follow later.
  await bob.message('number 10').waitFor();
  stage.server.signal('SIGKILL');
  await stage.server.exited();
  await typing;
  await alice.page.getByTestId('offline-banner').waitFor();
  await alice.marked('number 30', 'pending');
  await stage.server.start();

  await alice.marked('number 30', 'read');
  const numbers = Array.from({ length: 30 }, (_, n) => n + 1);
  for (const window of [alice, bob]) {
    assert.deepEqual(
      await window.texts(),
      numbers.map((n) => `number ${n}`),
    );
    assert.deepEqual(await window.seqs(), numbers);
  }
  await alice.page.reload();
  await alice.message('number 30').waitFor();
  assert.deepEqual(await alice.seqs(), numbers);
});

test('what was typed without a connection survives a reload of the page', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const alice = await stage.openWindow('alice');
  await alice.startChat('bob');
  await alice.say('first');
  await alice.marked('first', 'stored');
  stage.server.signal('SIGKILL');
  await stage.server.exited();
  await alice.page.getByTestId('offline-banner').waitFor();
  await alice.say('second');
  await alice.marked('second', 'pending');
  await stage.server.start();
  await alice.page.reload();
  await alice.marked('second', 'stored');
  assert.deepEqual(await alice.texts(), ['first', 'second']);
});

test('unread messages are counted, and no more once they were seen', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const alice = await stage.openWindow('alice');
  const bob = await stage.openWindow('bob');
  await alice.startChat('bob');
  for (const text of ['one', 'two', 'three']) await alice.say(text);
  const badge = bob.conversation(CHAT).getByTestId('unread');
  await badge.filter({ hasText: /^3$/ }).waitFor();
  await bob.page.waitForFunction(() => document.title === '(3) Seqline');
  await alice.marked('three', 'delivered');

  await bob.open(CHAT);
  await badge.waitFor({ state: 'detached' });
  await bob.page.getByText('New messages').waitFor();
  await alice.marked('three', 'read');
  await bob.page.reload();
  await bob.message('three').waitFor();
  assert.equal(await badge.count(), 0);
});

test('a burst is followed to its end, and read', { skip: skipReason }, async (t) => {
  const stage = await openStage(t);
  const alice = await logIn(stage.server, { user: 'alice' });
  const bob = await stage.openWindow('bob', { hash: `#/c/${CHAT}` });
  await bob.page.getByText('No messages yet. Say hello.').waitFor();
  for (let burst = 0; burst < 5; burst += 1) {
    const texts = Array.from({ length: 20 }, (_, n) => `message ${burst * 20 + n + 1}`);
    await sayAll(alice, CHAT, texts);
  }
  await event(alice, 'receipt', { user_id: 'bob', read_seq: 100 });
  assert.equal((await bob.seqs()).length, 100);
});
