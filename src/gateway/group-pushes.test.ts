import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { GroupPush } from '../ports/push-bus.ts';
import { GroupPushes } from './group-pushes.ts';

const LARGE = 1000;
const WRITE_MS = 40;

/** Groups of that size; each write takes `WRITE_MS` of a clock that the test holds. */
function open(t: TestContext, size: number) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const story: string[] = [];
  let skipped = 0;
  const pushes = new GroupPushes({
    write(groupId, written) {
      story.push(`${groupId} ${written.map(({ push }) => push.frame.trim()).join(' ')}`);
      now += WRITE_MS;
    },
    sizeOf: () => size,
    onSkipped: (count) => {
      skipped += count;
    },
    steadyNow: () => now,
  });
  return {
    pushes,
    story,
    skipped: () => skipped,
    pass(ms: number) {
      now += ms;
      t.mock.timers.tick(ms);
    },
  };
}

const message = (frame: string): GroupPush => ({ frame, accepted_at: 1 });

test('a large group is written to at once, then it rests for as long, and what came leaves together', (t) => {
  const { pushes, story, pass } = open(t, LARGE);
  pushes.push('g', [message('1'), message('2')]);
  assert.deepEqual(story, ['g 1 2']);
  pushes.push('g', [message('3')]);
  pass(WRITE_MS / 2);
  pushes.push('g', [message('4')]);
  assert.deepEqual(story, ['g 1 2']);
  pass(WRITE_MS / 2);
  assert.deepEqual(story, ['g 1 2', 'g 3 4']);
  pass(10 * WRITE_MS);
  pushes.push('g', [message('5')]);
  assert.deepEqual(story, ['g 1 2', 'g 3 4', 'g 5']);
});

test('large groups take turns', (t) => {
  const { pushes, story, pass } = open(t, LARGE);
  for (const group of ['a', 'b', 'c', 'b', 'a']) pushes.push(group, [message(group)]);
  const rest = () => pass(WRITE_MS);
  assert.deepEqual(story, ['a a']);
  for (let i = 0; i < 4; i++) rest();
  assert.deepEqual(story, ['a a', 'b b b', 'c c', 'a a']);
});

test('small groups wait for nothing', (t) => {
  const { pushes, story } = open(t, 100);
  for (const frame of ['1', '2', '3']) pushes.push('s', [message(frame)]);
  assert.deepEqual(story, ['s 1', 's 2', 's 3']);
});

test('of more than may wait the newest message is left, and every event', (t) => {
  const { pushes, story, skipped, pass } = open(t, LARGE);
  pushes.push('g', [message('first')]);
  const long = (name: string) => message(name.padEnd(100 * 1024));
  pushes.push('g', [long('1'), { frame: 'joined' }, long('2')]);
  assert.equal(skipped(), 0);
  pushes.push('g', [long('3'), { frame: 'left' }]);
  assert.equal(skipped(), 2);
  pass(WRITE_MS);
  assert.deepEqual(story, ['g first', 'g joined 3 left']);
});

test('events that are more than may wait are written', (t) => {
  const { pushes, story } = open(t, LARGE);
  pushes.push('g', [message('first')]);
  for (const name of ['1', '2', '3']) pushes.push('g', [{ frame: name.padEnd(100 * 1024) }]);
  assert.deepEqual(story, ['g first', 'g 1 2 3']);
});

test('pushes are numbered as they come', (t) => {
  const { pushes } = open(t, LARGE);
  assert.equal(pushes.next, 0);
  pushes.push('g', [message('1'), message('2')]);
  pushes.push('h', [message('3')]);
  assert.equal(pushes.next, 3);
});
