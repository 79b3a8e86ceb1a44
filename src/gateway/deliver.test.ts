import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDelivery } from './deliver.ts';
import type { Gateway } from './gateway-state.ts';
import type { GroupPushes } from './group-pushes.ts';

test('after an interruption every session is told to pull, within three seconds and not all at once', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const sessions = ['early', 'middle', 'late'].map((id) => ({
    push: (frame: string) => told.push(`${id} ${JSON.parse(frame).payload.type}`),
  }));
  const draws = [0.1, 0.5, 0.999];
  const gateway = { locals: { all: () => sessions }, random: () => draws.shift() };
  createDelivery(() => gateway as unknown as Gateway, {} as GroupPushes).onInterrupted();
  const story = ['early resync', 'middle resync', 'late resync'];
  for (const count of [1, 2, 3]) {
    t.mock.timers.tick(1000);
    assert.deepEqual(told, story.slice(0, count));
  }
});
