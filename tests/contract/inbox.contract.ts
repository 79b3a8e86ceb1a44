import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Inbox, InboxRead } from '../../src/ports/inbox.ts';
import type { StoredMessage } from '../../src/ports/messages.ts';
import type { Registry } from '../../src/ports/registry.ts';
import { bySession, freshId, newMessage, range, route, stored } from './samples.ts';

export interface InboxFixture extends AsyncDisposable {
  inbox: Inbox;
  /** Where the inbox looks up who is online. */
  registry: Registry;
  /** Messages that are kept of each user. */
  length: number;
  ttlMs: number;
  /** Lets this much time pass for the inbox. */
  elapse(ms: number): Promise<void>;
  /** Loses everything, as a cache does that is started anew; the inbox is then this one. */
  lose(): Promise<Inbox>;
}

/** What every inbox does. `open` gives an empty one. */
export function inboxContract(name: string, open: () => Promise<InboxFixture>): void {
  describe(`inbox contract: ${name}`, () => {
    appending(open);
    reading(open);
    forgetting(open);
  });
}

type Open = () => Promise<InboxFixture>;

function appending(open: Open): void {
  test('a user who was never touched has an epoch, which stays, and no messages', async () => {
    await using fixture = await open();
    const head = await fixture.inbox.head('ann');
    assert.notEqual(head.epoch, '');
    assert.equal(head.seq, 0);
    assert.deepEqual(await fixture.inbox.head('ann'), head);
  });

  test('each user counts from 1 without gaps, in the order given', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    const before = await inbox.head('ann');
    const users = ['ann', 'bob', 'ann', 'ann', 'bob', 'cid'];
    const { seqs } = await inbox.append(users.map((userId, i) => ({ userId, message: message(i + 1) })));
    assert.deepEqual(seqs, [1, 1, 2, 3, 2, 1]);
    assert.deepEqual((await inbox.append([{ userId: 'ann', message: message(99) }])).seqs, [4]);
    assert.deepEqual(await inbox.head('ann'), { epoch: before.epoch, seq: 4 });
    assert.equal((await inbox.head('bob')).seq, 2);
    const read = await inbox.read('ann', before.epoch, 0, 10);
    assert.deepEqual(placesOf(read), [
      [1, 1],
      [2, 3],
      [3, 4],
      [4, 99],
    ]);
  });

  test('appends at the same time take different numbers', async () => {
    await using fixture = await open();
    const taken = await Promise.all(
      range(1, 20).map((seq) => fixture.inbox.append([{ userId: 'ann', message: message(seq) }])),
    );
    assert.deepEqual(
      taken.flatMap(({ seqs }) => seqs).sort((a, b) => a - b),
      range(1, 20),
    );
  });

  test('whoever gets a message is told to be where he is, or nowhere', async () => {
    await using fixture = await open();
    const { inbox, registry } = fixture;
    const [phone, laptop] = [route('phone', 's1'), route('laptop', 's2')];
    for (const one of [phone, laptop]) await registry.register(one, 20);
    const { routes } = await inbox.append(
      ['ann', 'bob', 'ann'].map((userId, i) => ({ userId, message: message(i + 1) })),
    );
    assert.deepEqual([...routes.keys()].sort(), ['ann', 'bob']);
    assert.deepEqual(bySession(routes.get('ann')), [phone, laptop]);
    assert.deepEqual(routes.get('bob'), []);
  });

  test('whoever comes amid an append finds the message, or is told of', async () => {
    await using fixture = await open();
    const { inbox, registry } = fixture;
    const comes = async (userId: string, turns: number) => {
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      await registry.register(route('phone', 's1', userId), 20);
      return (await inbox.head(userId)).seq === 1;
    };
    for (const round of range(1, 5)) {
      const users = range(1, 100).map((i) => `user${round}-${i}`);
      const [{ routes }, ...found] = await Promise.all([
        inbox.append(users.map((userId) => ({ userId, message: message(1) }))),
        ...users.map(comes),
      ]);
      users.forEach((userId, i) => {
        assert.ok(found[i] || routes.get(userId)!.length > 0, userId);
      });
    }
  });

  test('a message that is there already keeps its number', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    const messages = range(1, 5).map((seq) => message(seq));
    const entries = messages.map((one) => ({ userId: 'ann', message: one }));
    assert.deepEqual((await inbox.append(entries)).seqs, [1, 2, 3, 4, 5]);
    assert.deepEqual((await inbox.append([...entries].reverse())).seqs, [5, 4, 3, 2, 1]);
    assert.deepEqual(
      (await inbox.append([...entries, { userId: 'ann', message: message(6) }])).seqs,
      range(1, 6),
    );
    assert.deepEqual((await inbox.append([entries[1]!, entries[1]!])).seqs, [2, 2]);
    assert.equal((await inbox.head('ann')).seq, 6);
  });

  test('messages are the same by conversation and number, also where an older one comes later', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    const append = async (one: StoredMessage) =>
      (await inbox.append([{ userId: 'ann', message: one }])).seqs[0];
    assert.equal(await append(message(5)), 1);
    assert.equal(await append(message(5, 'p2p:ann:cid')), 2);
    assert.equal(await append(message(3)), 3);
    assert.equal(await append(message(3)), 3);
    assert.equal(await append(message(5)), 1);
    assert.equal(await append(message(5, 'p2p:ann:cid')), 2);
  });

  test('the same message has its own number in each inbox', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    await inbox.append([{ userId: 'bob', message: message(1) }]);
    const shared = message(2);
    const { seqs } = await inbox.append([
      { userId: 'ann', message: shared },
      { userId: 'bob', message: shared },
    ]);
    assert.deepEqual(seqs, [1, 2]);
  });
}

function reading(open: Open): void {
  test('messages are given back as they were', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    const plain = { ...message(1), content: 'zoë \u{1f600} "\\ \u0000 end ', client_time: 5 };
    const recalled = { ...message(2), content: '', recalled_at: 7, content_digest: 'd' };
    await inbox.append([plain, recalled].map((one) => ({ userId: 'ann', message: one })));
    const head = await inbox.head('ann');
    assert.deepEqual(await inbox.read('ann', head.epoch, 0, 10), {
      head,
      entries: [
        { inbox_seq: 1, message: plain },
        { inbox_seq: 2, message: recalled },
      ],
      hasMore: false,
      resync: false,
    });
  });

  test('pages follow one another, and the last one says so', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    await fill(inbox, 10);
    const { epoch } = await inbox.head('ann');
    const sizes: [number, boolean][] = [];
    const seen: number[] = [];
    let read: InboxRead;
    do {
      read = await inbox.read('ann', epoch, seen.at(-1) ?? 0, 5);
      seen.push(...read.entries.map((entry) => entry.inbox_seq));
      sizes.push([read.entries.length, read.hasMore]);
    } while (read.hasMore);
    assert.deepEqual(seen, range(1, 10));
    assert.deepEqual(sizes, [
      [5, true],
      [5, false],
    ]);
  });

  test('at the head there is nothing to read; beyond it, resync', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    await fill(inbox, 3);
    const head = await inbox.head('ann');
    assert.deepEqual(await inbox.read('ann', head.epoch, 3, 10), {
      head,
      entries: [],
      hasMore: false,
      resync: false,
    });
    assert.deepEqual(await inbox.read('ann', head.epoch, 4, 10), resync(head));
  });

  test('another epoch is resync, with the present head', async () => {
    await using fixture = await open();
    const { inbox } = fixture;
    await fill(inbox, 3);
    const head = await inbox.head('ann');
    for (const epoch of ['', 'another', `${head.epoch}x`]) {
      assert.deepEqual(await inbox.read('ann', epoch, 0, 10), resync(head));
    }
  });

  test('a first touch by reading begins an epoch', async () => {
    await using fixture = await open();
    const read = await fixture.inbox.read('ann', '', 0, 10);
    assert.equal(read.resync, true);
    assert.deepEqual(await fixture.inbox.head('ann'), read.head);
    assert.deepEqual(await fixture.inbox.read('ann', read.head.epoch, 0, 10), {
      head: read.head,
      entries: [],
      hasMore: false,
      resync: false,
    });
  });
}

function forgetting(open: Open): void {
  test('only the newest messages are kept; from a place before them, resync', async () => {
    await using fixture = await open();
    const { inbox, length } = fixture;
    await fill(inbox, length + 10);
    const head = await inbox.head('ann');
    assert.equal(head.seq, length + 10);
    for (const place of [0, 9]) assert.deepEqual(await inbox.read('ann', head.epoch, place, 5), resync(head));
    const kept = await inbox.read('ann', head.epoch, 10, length + 10);
    assert.deepEqual(
      kept.entries.map((entry) => entry.inbox_seq),
      range(11, length + 10),
    );
    assert.equal(kept.hasMore, false);
  });

  test('what is kept keeps its number also after others were trimmed', async () => {
    await using fixture = await open();
    const { inbox, length } = fixture;
    await fill(inbox, length + 3);
    const again = [length + 3, 4, 10].map((seq) => ({ userId: 'ann', message: message(seq) }));
    assert.deepEqual((await inbox.append(again)).seqs, [length + 3, 4, 10]);
  });

  test('messages are gone when their time after the last one is over', async () => {
    await using fixture = await open();
    const { inbox, ttlMs } = fixture;
    await fill(inbox, 3);
    const { epoch } = await inbox.head('ann');
    await fixture.elapse(ttlMs + 1);
    const read = await inbox.read('ann', epoch, 0, 10);
    assert.deepEqual(read, resync(await inbox.head('ann')));
    const { seqs } = await inbox.append([{ userId: 'ann', message: message(4) }]);
    assert.deepEqual(seqs, [read.head.seq + 1]);
    const after = await inbox.read('ann', read.head.epoch, read.head.seq, 10);
    assert.deepEqual(placesOf(after), [[read.head.seq + 1, 4]]);
  });

  test('each message gives the ones before it more time', async () => {
    await using fixture = await open();
    const { inbox, ttlMs } = fixture;
    await fill(inbox, 1);
    const { epoch } = await inbox.head('ann');
    await fixture.elapse(ttlMs * 0.6);
    await inbox.append([{ userId: 'ann', message: message(2) }]);
    await fixture.elapse(ttlMs * 0.6);
    assert.deepEqual(placesOf(await inbox.read('ann', epoch, 0, 10)), [
      [1, 1],
      [2, 2],
    ]);
  });

  test('after a loss the next touch begins another epoch, and numbers start over', async () => {
    await using fixture = await open();
    await fill(fixture.inbox, 3);
    const before = await fixture.inbox.head('ann');
    const inbox = await fixture.lose();
    const read = await inbox.read('ann', before.epoch, 3, 10);
    assert.notEqual(read.head.epoch, before.epoch);
    assert.deepEqual(read, resync({ epoch: read.head.epoch, seq: 0 }));
    assert.deepEqual((await inbox.append([{ userId: 'ann', message: message(4) }])).seqs, [1]);
    assert.deepEqual(await inbox.head('ann'), { epoch: read.head.epoch, seq: 1 });
  });
}

function message(seq: number, conversationId = 'p2p:ann:bob'): StoredMessage {
  return stored(newMessage({ conversation_id: conversationId, msg_id: freshId('m') }), seq);
}

/** Appends messages 1 to `count` of one conversation to ann's inbox. */
async function fill(inbox: Inbox, count: number): Promise<void> {
  await inbox.append(range(1, count).map((seq) => ({ userId: 'ann', message: message(seq) })));
}

/** Of each entry its place in the inbox and its message's number. */
function placesOf(read: InboxRead): [number, number][] {
  return read.entries.map((entry) => [entry.inbox_seq, entry.message.seq]);
}

function resync(head: InboxRead['head']): InboxRead {
  return { head, entries: [], hasMore: false, resync: true };
}
