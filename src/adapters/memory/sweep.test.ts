import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSweep } from './sweep.ts';

test('what is over is removed within as many steps as there are entries', () => {
  const map = new Map(Array.from({ length: 1000 }, (_, i) => [i, { over: i % 3 === 0 }]));
  const sweep = createSweep(map, (value) => value.over);
  for (let i = 0; i < 1000; i++) sweep();
  assert.equal(map.size, 666);
  assert.equal(
    [...map.values()].some((value) => value.over),
    false,
  );
});

test('it goes round again, over what was added meanwhile too', () => {
  const map = new Map<string, { over: boolean }>();
  const sweep = createSweep(map, (value) => value.over);
  sweep();
  map.set('a', { over: false });
  for (let i = 0; i < 5; i++) sweep();
  assert.equal(map.size, 1);
  map.get('a')!.over = true;
  map.set('b', { over: true });
  for (let i = 0; i < 5; i++) sweep();
  assert.equal(map.size, 0);
});

test('a map that grows by one entry with each step is still cleared', () => {
  const map = new Map<number, { over: boolean }>();
  const sweep = createSweep(map, (value) => value.over);
  for (let i = 0; i < 10_000; i++) {
    map.set(i, { over: true });
    sweep();
  }
  assert.ok(map.size < 100, `${map.size} are left`);
});
