import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemorySequencer } from './memory-sequencer.ts';

test('the counters that were untouched for longest are forgotten first', async () => {
  const sequencer = createMemorySequencer();
  const take = async (conversationId: string) => (await sequencer.take([{ conversationId, count: 1 }]))[0];
  await take('old');
  await take('used');
  for (let i = 0; i < 99_998; i++) await take(`other ${i}`);
  assert.equal(await take('used'), 2);
  await take('one more');
  assert.equal(await take('used'), 3);
  assert.equal(await take('old'), 1);
});
