import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { until } from '../contract/wait.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { connectUser, createGroup, createUser } from './sdk-user.ts';

const [site, limited] = await Promise.all([useTarget(), useTarget({ MESSAGES_PER_SECOND: '100' })]);

describe('sending', () => {
  test('tells sent, then stored with a number; all devices of both get it', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const annsOther = await connectUser(t, site, ann.id);
    const bob = await connectUser(t, site, freshUser('bob'));
    const chat = p2p(ann.id, bob.id);
    const { conversationId, msgId, sent, stored } = ann.client.send({ to: bob.id, content: 'Hi, Bob' });
    assert.equal(conversationId, chat);
    assert.equal((await sent).conversationId, chat);
    const { seq, msg_id, sender_id, content } = await stored;
    assert.deepEqual([seq, msg_id, sender_id, content], [1, msgId, ann.id, 'Hi, Bob']);
    for (const user of [ann, annsOther, bob]) {
      const [received] = await user.received(chat, 1);
      assert.equal(received?.content, 'Hi, Bob');
    }
  });

  test('keeps the order in which messages were given, those before the first login included', async (t) => {
    const ann = createUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const chat = p2p(ann.id, bob.id);
    const contents = Array.from({ length: 60 }, (_, index) => `number ${index + 1}`);
    const early = contents.slice(0, 20).map((content) => ann.client.send({ to: bob.id, content }));
    await ann.client.connect();
    const late = contents.slice(20).map((content) => ann.client.send({ conversationId: chat, content }));
    await Promise.all([...early, ...late].map((handle) => handle.stored));
    const received = await bob.received(chat, 60);
    assert.deepEqual(
      received.map((message) => message.content),
      contents,
    );
  });

  test('stores once what is sent twice with one id, and refuses another message with it', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const message = { to: bob.id, content: 'once', msgId: 'order-17' };
    const first = await ann.client.send(message).stored;
    const second = await ann.client.send(message).stored;
    assert.equal(second.seq, first.seq);
    await assert.rejects(ann.client.send({ ...message, content: 'other' }).stored, { code: 409 });
    await ann.client.send({ to: bob.id, content: 'last' }).stored;
    const received = await bob.received(p2p(ann.id, bob.id), 2);
    assert.deepEqual(
      received.map(({ content }) => content),
      ['once', 'last'],
    );
  });

  test('rejects what the server refuses for good, and goes on with the next', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const [bobs, nobodys] = [freshGroupId(), freshGroupId()];
    await createGroup(bob, bobs, []);
    const refused = ann.client.send({ conversationId: bobs, content: 'let me in' });
    await assert.rejects(refused.sent, { name: 'SeqlineError', code: 403, error: 'forbidden' });
    const unknown = ann.client.send({ conversationId: nobodys, content: 'anybody?' });
    await assert.rejects(unknown.stored, { code: 404, error: 'not_found' });
    assert.equal((await ann.client.send({ to: bob.id, content: 'hello' }).stored).seq, 1);
  });

  test('shows delivered and read as receipts and in the list, and counts unread', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const chat = p2p(ann.id, bob.id);
    const { seq } = await ann.client.send({ to: bob.id, content: 'Hi' }).stored;
    const last = () => ann.client.conversations[0]?.last_message;
    await until('delivered', () => last()?.status === 1);
    assert.equal(bob.client.conversations[0]?.unread, 1);
    const reads: number[] = [];
    ann.client.on('receipt', ({ user_id, read_seq }) => user_id === bob.id && reads.push(read_seq));
    await bob.client.markRead(chat, seq);
    assert.equal(bob.client.conversations[0]?.unread, 0);
    await until('read', () => last()?.status === 2);
    assert.deepEqual(reads, [seq]);
  });

  test('shows on one device what another of the same user has read', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const phone = await connectUser(t, site, freshUser('bob'));
    const laptop = await connectUser(t, site, phone.id);
    const chat = p2p(ann.id, phone.id);
    await ann.client.send({ to: phone.id, content: 'Hi' }).stored;
    await laptop.received(chat, 1);
    assert.equal(laptop.client.conversations[0]?.unread, 1);
    await phone.received(chat, 1);
    await phone.client.markRead(chat, 1);
    await until('read on the laptop', () => laptop.client.conversations[0]?.unread === 0);
  });

  test('shows a recall in the list and in history', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const chat = p2p(ann.id, bob.id);
    const { seq } = await ann.client.send({ to: bob.id, content: 'oops' }).stored;
    await bob.received(chat, 1);
    await ann.client.recall(chat, seq);
    await until('recalled at bob', () => bob.client.conversations[0]?.last_message?.recalled === true);
    const { messages } = await bob.client.history(chat);
    assert.deepEqual(
      messages.map(({ content, recalled }) => [content, recalled]),
      [['', true]],
    );
  });

  test('keeps a picture, which can then be sent', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const { url } = await ann.client.http.upload(new Blob([png], { type: 'image/png' }));
    const { content, msg_type } = await ann.client.send({ to: ann.id, content: url, msgType: 2 }).stored;
    assert.deepEqual([content, msg_type], [url, 2]);
  });
});

describe('sending more than the server takes in a second', { skip: NEEDS_OWN_SERVER }, () => {
  test('gets everything through, in order, without losing the session', async (t) => {
    const ann = await connectUser(t, limited, 'ann');
    const states: string[] = [];
    ann.client.on('state', ({ state }) => states.push(state));
    const peers = Array.from({ length: 30 }, (_, index) => `peer-${index}`);
    const numbers = Array.from({ length: 15 }, (_, index) => index + 1);
    const handles = peers.flatMap((to) => numbers.map((n) => ann.client.send({ to, content: `${n}` })));
    const stored = await Promise.all(handles.map((handle) => handle.stored));
    assert.deepEqual(
      stored.map(({ seq, content }) => [seq, content]),
      peers.flatMap(() => numbers.map((n) => [n, `${n}`])),
    );
    assert.deepEqual(states, []);
  });
});
