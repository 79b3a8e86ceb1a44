import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isStoredMessage } from '../../src/sdk/connection.ts';
import { freshGroupId, freshUser, p2p } from '../harness/names.ts';
import { NEEDS_OWN_SERVER, useTarget } from '../harness/target.ts';
import { lossySocket } from './lossy-socket.ts';
import { connectUser, createGroup } from './sdk-user.ts';

const [site, beating] = await Promise.all([
  useTarget(),
  useTarget({ HEARTBEAT_INTERVAL_MS: '200', HEARTBEAT_TIMEOUT_MS: '5000' }),
]);

describe('repairing', () => {
  test('pulls what was lost as soon as a later message shows the gap', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const lost = [2, 3, 4];
    const bob = await connectUser(t, site, freshUser('bob'), {
      WebSocket: lossySocket((packet) => isStoredMessage(packet) && lost.includes(packet.seq ?? 0)),
    });
    const group = freshGroupId();
    await createGroup(ann, group, [bob]);
    for (let n = 1; n <= 5; n += 1) {
      await ann.client.send({ conversationId: group, content: `${n}` }).stored;
    }
    await bob.received(group, 5);
  });

  test('sees a lost direct message missing when one of another conversation comes', async (t) => {
    const [ann, cem] = [
      await connectUser(t, site, freshUser('ann')),
      await connectUser(t, site, freshUser('cem')),
    ];
    const bob = await connectUser(t, site, freshUser('bob'), {
      WebSocket: lossySocket(
        (packet) => isStoredMessage(packet) && JSON.stringify(packet).includes('lost on the way'),
      ),
    });
    for (const peer of [ann, cem]) {
      await peer.client.send({ to: bob.id, content: 'hi' }).stored;
      await bob.received(p2p(peer.id, bob.id), 1);
    }
    await ann.client.send({ to: bob.id, content: 'lost on the way' }).stored;
    await cem.client.send({ to: bob.id, content: 'not lost' }).stored;
    await bob.received(p2p(ann.id, bob.id), 2);
  });

  test('sends again what was not answered, and it is stored once', async (t) => {
    const bob = await connectUser(t, site, freshUser('bob'));
    let lost = 0;
    const ann = await connectUser(t, site, freshUser('ann'), {
      requestTimeoutMs: 500,
      WebSocket: lossySocket((packet) => {
        const loses = packet.cmd === 2 && lost < 2;
        if (loses) lost += 1;
        return loses;
      }),
    });
    const handles = ['1', '2', '3'].map((content) => ann.client.send({ to: bob.id, content }));
    const stored = await Promise.all(handles.map((handle) => handle.stored));
    assert.deepEqual(
      stored.map(({ seq, content }) => `${seq} ${content}`),
      ['1 1', '2 2', '3 3'],
    );
    assert.equal(lost, 2);
    for (const user of [ann, bob]) await user.received(p2p(ann.id, bob.id), 3);
  });

  test('reconnects when told so, and goes on where it was', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const bob = await connectUser(t, site, freshUser('bob'), {
      reconnect: { baseMs: 600_000, maxMs: 600_000 },
    });
    const chat = p2p(ann.id, bob.id);
    await ann.client.send({ to: bob.id, content: '1' }).stored;
    await bob.received(chat, 1);
    const states: string[] = [];
    const back = new Promise<void>((resolve) => {
      bob.client.on('state', ({ state }) => {
        states.push(state);
        if (state === 'online') resolve();
      });
    });
    bob.client.reconnectNow();
    await ann.client.send({ to: bob.id, content: '2' }).stored;
    await back;
    assert.deepEqual(states, ['waiting', 'connecting', 'online']);
    await bob.received(chat, 2);
  });
});

describe('repairing with heartbeats', { skip: NEEDS_OWN_SERVER }, () => {
  test('pulls a direct message that was lost with nothing after it', async (t) => {
    const ann = await connectUser(t, beating, freshUser('ann'));
    const bob = await connectUser(t, beating, freshUser('bob'), { WebSocket: lossySocket(isStoredMessage) });
    for (let n = 1; n <= 2; n += 1) {
      await ann.client.send({ to: bob.id, content: `${n}` }).stored;
      await bob.received(p2p(ann.id, bob.id), n);
    }
  });

  test('resolves stored though the push of it was lost', async (t) => {
    const bob = freshUser('bob');
    const ann = await connectUser(t, beating, freshUser('ann'), { WebSocket: lossySocket(isStoredMessage) });
    const message = await ann.client.send({ to: bob, content: 'hi' }).stored;
    assert.equal(message.seq, 1);
    await ann.received(p2p(ann.id, bob), 1);
  });
});
