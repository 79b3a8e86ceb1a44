import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PushListener } from '../../ports/push-bus.ts';
import { createMemoryPushBus } from './memory-push-bus.ts';

const SILENT: PushListener = { onPush() {}, onGroup() {}, onPresence() {}, onInterrupted() {} };

test('a listener that throws is reported, and disturbs neither publishers nor other listeners', async () => {
  const reported: unknown[] = [];
  const bus = createMemoryPushBus((error) => reported.push(error));
  const error = new Error('the listener fails');
  const fail = () => {
    throw error;
  };
  const seen: string[] = [];
  const one = await bus.listen('one', { ...SILENT, onPush: fail, onGroup: fail, onPresence: fail });
  const two = await bus.listen('two', { ...SILENT, onGroup: (groupId) => seen.push(groupId) });
  for (const feed of [one, two]) await feed.joinGroup('group_g');
  await one.watch('ann');
  await bus.publish('one', []);
  await bus.publishGroup('group_g', []);
  await bus.publishPresence({ user_id: 'ann', online: true, last_seen: 1 });
  assert.deepEqual(seen, ['group_g']);
  assert.deepEqual(reported, [error, error, error]);
});

test('a publisher goes on before any listener runs', async () => {
  const bus = createMemoryPushBus();
  const story: string[] = [];
  await bus.listen('one', { ...SILENT, onPush: () => story.push('listener') });
  const published = bus.publish('one', []);
  story.push('publisher');
  await published;
  assert.deepEqual(story, ['publisher', 'listener']);
});

test('a bus that was disposed of delivers nothing', async () => {
  const bus = createMemoryPushBus();
  let count = 0;
  const feed = await bus.listen('one', {
    ...SILENT,
    onPush: () => (count += 1),
    onGroup: () => (count += 1),
  });
  await feed.joinGroup('group_g');
  await bus[Symbol.asyncDispose]();
  await feed.joinGroup('group_g');
  await bus.publish('one', []);
  await bus.publishGroup('group_g', []);
  assert.equal(count, 0);
});
