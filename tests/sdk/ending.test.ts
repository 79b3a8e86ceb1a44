import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until } from '../contract/wait.ts';
import { freshUser, p2p } from '../harness/names.ts';
import { useTarget } from '../harness/target.ts';
import { connectUser, createUser } from './sdk-user.ts';
import { tokenFor } from './site.ts';

const PROGRAM = path.join(import.meta.dirname, 'one-message.ts');

const site = await useTarget();

describe('ending', () => {
  test('is for good when another connection takes over the device', async (t) => {
    const first = await connectUser(t, site, freshUser('ann'), { deviceId: 'laptop' });
    const states: string[] = [];
    first.client.on('state', ({ state }) => states.push(state));
    const closed = new Promise<{ code: number }>((resolve) => first.client.on('closed', resolve));
    const second = await connectUser(t, site, first.id, { deviceId: 'laptop' });
    assert.equal((await closed).code, 4409);
    assert.deepEqual([first.client.state, states], ['closed', ['closed']]);
    const over = { error: 'closed', code: 4409 };
    await assert.rejects(first.client.history(p2p(first.id, first.id)), over);
    await assert.rejects(first.client.send({ to: 'bob', content: 'x' }).sent, over);
    await assert.rejects(first.client.connect(), over);
    assert.equal((await second.client.send({ to: first.id, content: 'y' }).stored).seq, 1);
  });

  test('is for good when the only token there is was refused', async (t) => {
    const ann = createUser(t, site, freshUser('ann'), { token: 'not a token' });
    await assert.rejects(ann.client.connect(), { name: 'SeqlineError', error: 'closed', code: 401 });
    assert.equal(ann.client.state, 'closed');
  });

  test('is for good when a new token is the one that was refused', async (t) => {
    let fetched = 0;
    const ann = createUser(t, site, freshUser('ann'), {
      token: () => {
        fetched += 1;
        return 'not a token';
      },
    });
    await assert.rejects(ann.client.connect(), { error: 'closed', code: 401 });
    assert.equal(fetched, 2);
  });

  test('does not come with the end of a token where there is a new one', async (t) => {
    const id = freshUser('ann');
    const ann = createUser(t, site, id, { token: () => tokenFor(site, id, 2) });
    let logins = 0;
    ann.client.on('state', ({ state }) => {
      if (state === 'online') logins += 1;
    });
    await ann.client.connect();
    await until('the second login', () => logins === 2);
    assert.equal((await ann.client.send({ to: id, content: 'x' }).stored).seq, 1);
  });

  test('does not come with a token that could not be fetched; that is told as an error', async (t) => {
    const id = freshUser('ann');
    let fetched = 0;
    const ann = createUser(t, site, id, {
      token: () => {
        fetched += 1;
        if (fetched === 1) throw new Error('the shop is closed');
        return tokenFor(site, id);
      },
    });
    await ann.client.connect();
    assert.deepEqual(
      ann.errors.map(({ message }) => message),
      ['the shop is closed'],
    );
  });

  test('rejects what is under way', async (t) => {
    const ann = await connectUser(t, site, freshUser('ann'));
    const { sent, stored } = ann.client.send({ to: ann.id, content: 'x' });
    const history = ann.client.history(p2p(ann.id, ann.id));
    const closed = ann.client.close();
    for (const promise of [sent, stored, history]) {
      await assert.rejects(promise, { error: 'closed', code: 1000 });
    }
    await closed;
    assert.equal(ann.client.state, 'closed');
    await ann.client.close();
  });

  test('leaves a process nothing to wait for', async () => {
    const id = freshUser('ann');
    const args = [PROGRAM, site.nextUrl(), tokenFor(site, id), id];
    const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
    assert.equal(code, 0);
  });
});
