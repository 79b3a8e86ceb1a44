import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GroupPush, Push, PushBus, PushFeed, PushListener } from '../../src/ports/push-bus.ts';
import { range } from './samples.ts';
import { until } from './wait.ts';

export interface PushBusFixture extends AsyncDisposable {
  bus: PushBus;
}

/** What every push bus does while it is not interrupted. */
export function pushBusContract(name: string, open: () => Promise<PushBusFixture>): void {
  describe(`push bus contract: ${name}`, () => {
    gateways(open);
    groups(open);
    presence(open);
  });
}

type Open = () => Promise<PushBusFixture>;

function gateways(open: Open): void {
  test('a gateway gets what is published to it, a call at a time, and nothing of another', async () => {
    await using fixture = await open();
    await using one = await listen(fixture.bus, 'one');
    await using two = await listen(fixture.bus, 'two');
    const pushes: Push[] = [
      {
        to: 'users',
        user_ids: ['ann', 'bob'],
        frame: '{"a":"é"}',
        except_session: 's',
        except_user: 'u',
        accepted_at: 5,
      },
      { to: 'session', session_id: 's', frame: '{}' },
      { to: 'kick', session_id: 's' },
      { to: 'reply', reply_id: 'r', refusal: { error: 'not_found', message: 'No such message.' } },
      {
        to: 'membership',
        group_id: 'group_g',
        user_ids: ['ann'],
        standing: { muted_until: null },
        frame: '{}',
      },
      { to: 'membership', group_id: 'group_g', user_ids: ['ann'], standing: null, frame: '{}' },
    ];
    await fixture.bus.publish('one', pushes);
    await fixture.bus.publish('two', [kick('only two')]);
    await until('both have come', () => one.pushes.length > 0 && two.pushes.length > 0);
    assert.deepEqual(one.pushes, [pushes]);
    assert.deepEqual(two.pushes, [[kick('only two')]]);
  });

  test('what is published to one gateway comes in order, also where nobody waits for the publishing', async () => {
    await using fixture = await open();
    await using feed = await listen(fixture.bus, 'one');
    const wanted = range(1, 200).map((i) => [kick(String(i))]);
    await Promise.all(wanted.map((pushes) => fixture.bus.publish('one', pushes)));
    await until('all have come', () => feed.pushes.length >= 200);
    assert.deepEqual(feed.pushes, wanted);
  });

  test('what is published to nobody is gone', async () => {
    await using fixture = await open();
    await fixture.bus.publish('one', [kick('early')]);
    await using feed = await listen(fixture.bus, 'one');
    await fixture.bus.publish('one', [kick('late')]);
    await until('the late one has come', () => feed.pushes.length > 0);
    assert.deepEqual(feed.pushes, [[kick('late')]]);
  });

  test('a feed that was disposed of gets nothing more', async () => {
    await using fixture = await open();
    const before = await listen(fixture.bus, 'one');
    await before.feed.joinGroup('group_g');
    await before.feed.watch('ann');
    await before[Symbol.asyncDispose]();
    await using after = await listen(fixture.bus, 'one');
    await after.feed.joinGroup('group_g');
    await after.feed.watch('ann');
    await fixture.bus.publish('one', [kick('s')]);
    await fixture.bus.publishGroup('group_g', [{ frame: '{}' }]);
    await fixture.bus.publishPresence({ user_id: 'ann', online: true, last_seen: 1 });
    await until('the other feed has all', () => after.count() === 3);
    assert.equal(before.count(), 0);
  });
}

function groups(open: Open): void {
  test('all gateways that joined a group get what is published to it, in order', async () => {
    await using fixture = await open();
    await using one = await listen(fixture.bus, 'one');
    await using two = await listen(fixture.bus, 'two');
    await using other = await listen(fixture.bus, 'other');
    await one.feed.joinGroup('group_g');
    await two.feed.joinGroup('group_g');
    await other.feed.joinGroup('group_h');
    const wanted = range(1, 50).map((i): GroupPush[] => [
      { frame: String(i), except_session: 's', except_user: 'u' },
    ]);
    for (const pushes of wanted) await fixture.bus.publishGroup('group_g', pushes);
    await fixture.bus.publishGroup('group_h', [{ frame: 'h', dissolved: true }]);
    await until(
      'all have come',
      () => one.groups.length >= 50 && two.groups.length >= 50 && other.groups.length >= 1,
    );
    const expected = wanted.map((pushes) => ({ groupId: 'group_g', pushes }));
    assert.deepEqual(one.groups, expected);
    assert.deepEqual(two.groups, expected);
    assert.deepEqual(other.groups, [{ groupId: 'group_h', pushes: [{ frame: 'h', dissolved: true }] }]);
  });

  test('a gateway that left a group gets nothing until it joins again', async () => {
    await using fixture = await open();
    await using one = await listen(fixture.bus, 'one');
    await one.feed.joinGroup('group_g');
    await one.feed.leaveGroup('group_g');
    await fixture.bus.publishGroup('group_g', [{ frame: 'missed' }]);
    await one.feed.joinGroup('group_g');
    await fixture.bus.publishGroup('group_g', [{ frame: 'seen' }]);
    await until('one has come', () => one.groups.length > 0);
    assert.deepEqual(one.groups, [{ groupId: 'group_g', pushes: [{ frame: 'seen' }] }]);
  });

  test('joining twice is joining once', async () => {
    await using fixture = await open();
    await using one = await listen(fixture.bus, 'one');
    await one.feed.joinGroup('group_g');
    await one.feed.joinGroup('group_g');
    await fixture.bus.publishGroup('group_g', [{ frame: 'first' }]);
    await fixture.bus.publishGroup('group_g', [{ frame: 'last' }]);
    await until('the last has come', () => one.groups.some(({ pushes }) => pushes[0]!.frame === 'last'));
    assert.deepEqual(
      one.groups.map(({ pushes }) => pushes[0]!.frame),
      ['first', 'last'],
    );
  });
}

function presence(open: Open): void {
  test('a watched user comes to those who watch, until they unwatch', async () => {
    await using fixture = await open();
    await using one = await listen(fixture.bus, 'one');
    await using two = await listen(fixture.bus, 'two');
    await one.feed.watch('ann');
    await one.feed.watch('bob');
    await two.feed.watch('ann');
    const came = { user_id: 'ann', online: true, last_seen: 1 };
    await fixture.bus.publishPresence(came);
    await until('both have it', () => one.presence.length === 1 && two.presence.length === 1);
    await one.feed.unwatch('ann');
    const left = { user_id: 'ann', online: false, last_seen: 2 };
    const bob = { user_id: 'bob', online: true, last_seen: null };
    await fixture.bus.publishPresence(left);
    await fixture.bus.publishPresence(bob);
    await until('all have come', () => one.presence.length >= 2 && two.presence.length >= 2);
    assert.deepEqual(one.presence, [came, bob]);
    assert.deepEqual(two.presence, [came, left]);
  });
}

interface RecordingFeed extends AsyncDisposable {
  feed: PushFeed;
  pushes: Push[][];
  groups: { groupId: string; pushes: GroupPush[] }[];
  presence: Parameters<PushListener['onPresence']>[0][];
  count(): number;
}

async function listen(bus: PushBus, gatewayId: string): Promise<RecordingFeed> {
  const pushes: RecordingFeed['pushes'] = [];
  const groups: RecordingFeed['groups'] = [];
  const presence: RecordingFeed['presence'] = [];
  const feed = await bus.listen(gatewayId, {
    onPush: (batch) => pushes.push(batch),
    onGroup: (groupId, batch) => groups.push({ groupId, pushes: batch }),
    onPresence: (change) => presence.push(change),
    onInterrupted: () => assert.fail('the feed was interrupted'),
  });
  return {
    feed,
    pushes,
    groups,
    presence,
    count: () => pushes.length + groups.length + presence.length,
    [Symbol.asyncDispose]: () => feed[Symbol.asyncDispose](),
  };
}

function kick(sessionId: string): Push {
  return { to: 'kick', session_id: sessionId };
}
