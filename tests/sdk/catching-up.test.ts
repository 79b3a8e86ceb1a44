import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryStore } from '../../src/sdk/index.ts';
import { until } from '../contract/wait.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import { useTarget } from '../harness/target.ts';
import { connectUser, createGroup } from './sdk-user.ts';

const site = await useTarget();

describe('catching up', () => {
  test('delivers what was missed while offline, in order and once', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const store = memoryStore();
    const before = await connectUser(t, site, freshUser('bob'), { store });
    const [chat, group] = [p2p(ann.id, before.id), freshGroupId()];
    await createGroup(ann, group, [before]);
    for (const id of [chat, group]) await ann.client.send({ conversationId: id, content: '1' }).stored;
    await before.received(chat, 1);
    await before.received(group, 1);
    await before.client.close();

    // Of the direct messages more than a page, the inbox's and the conversation's.
    const missed = new Map([
      [chat, 205],
      [group, 5],
    ]);
    const sends = [...missed].flatMap(([conversationId, count]) =>
      Array.from({ length: count }, (_, index) =>
        ann.client.send({ conversationId, content: `${index + 2}` }),
      ),
    );
    await Promise.all(sends.map((handle) => handle.stored));

    const after = await connectUser(t, site, before.id, { store });
    assert.equal(after.client.deviceId, before.client.deviceId);
    for (const [id, count] of missed) {
      const messages = await after.received(id, count, 2);
      assert.deepEqual(
        messages.map(({ content }) => Number(content)),
        messages.map(({ seq }) => seq),
      );
      const conversation = after.client.conversations.find((one) => one.conversation_id === id);
      assert.equal(conversation?.unread, count + 1);
    }
    await ann.client.send({ to: before.id, content: 'live' }).stored;
    await after.received(chat, 206, 2);
  });

  test('begins on a new device where the user’s other devices are', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const phone = await connectUser(t, site, freshUser('bob'));
    const chat = p2p(ann.id, phone.id);
    for (const content of ['1', '2', '3']) await ann.client.send({ to: phone.id, content }).stored;
    await phone.received(chat, 3);
    await phone.client.close();
    await until('acknowledged on leaving', () => ann.client.conversations[0]?.last_message?.status === 1);
    for (const content of ['4', '5']) await ann.client.send({ to: phone.id, content }).stored;

    const laptop = await connectUser(t, site, phone.id);
    await laptop.received(chat, 2, 4);
    const history = await laptop.client.history(chat);
    assert.deepEqual(
      history.messages.map(({ seq }) => seq),
      [1, 2, 3, 4, 5],
    );
    assert.deepEqual([history.hasMore, history.headSeq], [false, 5]);
  });

  test('gives history page by page, in both directions', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const handles = Array.from({ length: 7 }, (_, i) => ann.client.send({ to: ann.id, content: `${i + 1}` }));
    await Promise.all(handles.map((handle) => handle.stored));
    const seqs = async (page: Parameters<typeof ann.client.history>[1]) => {
      const { messages, hasMore } = await ann.client.history(p2p(ann.id, ann.id), page);
      return [messages.map(({ seq }) => seq), hasMore];
    };
    assert.deepEqual(await seqs({ limit: 3 }), [[5, 6, 7], true]);
    assert.deepEqual(await seqs({ limit: 3, beforeSeq: 3 }), [[1, 2], false]);
    assert.deepEqual(await seqs({ limit: 3, afterSeq: 2 }), [[3, 4, 5], true]);
  });

  test('learns of a group by being added, and sees only what follows where earlier history is hidden', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const group = freshGroupId();
    await createGroup(ann, group, [], { history: 'joined' });
    for (const content of ['1', '2', '3']) {
      await ann.client.send({ conversationId: group, content }).stored;
    }
    await ann.client.http.request('PUT', `/v1/groups/${group}/members/${bob.id}`, {});
    await until('bob knows the group', () => bob.client.conversations.length === 1);
    assert.deepEqual([bob.client.conversations[0]?.name, bob.client.conversations[0]?.unread], [group, 0]);
    await ann.client.send({ conversationId: group, content: '4' }).stored;
    await bob.received(group, 1, 4);
    const { messages } = await bob.client.history(group, { afterSeq: 0 });
    assert.deepEqual(
      messages.map(({ seq }) => seq),
      [4],
    );
  });

  test('follows a group’s new name, and forgets a group that the user was removed from', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'));
    const group = freshGroupId();
    await createGroup(ann, group, [bob]);
    await ann.client.send({ conversationId: group, content: 'hi' }).stored;
    await bob.received(group, 1);
    await ann.client.http.request('PATCH', `/v1/groups/${group}`, { name: 'Choir' });
    await until('the new name', () => bob.client.conversations[0]?.name === 'Choir');
    await ann.client.http.request('DELETE', `/v1/groups/${group}/members/${bob.id}`);
    await until('bob forgot', () => bob.client.conversations.length === 0);
    assert.deepEqual(bob.errors, []);
  });
});
