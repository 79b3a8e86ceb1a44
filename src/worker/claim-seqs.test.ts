import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemorySequencer } from '../adapters/memory/memory-sequencer.ts';
import { StoreConflict } from '../ports/errors.ts';
import { createClaimSeqs } from './claim-seqs.ts';

test('numbers that follow the timeline are taken as they are', async () => {
  let reseeds = 0;
  const claim = createClaimSeqs(createMemorySequencer(), (count) => {
    reseeds += count;
  });
  await claim([{ conversationId: 'a', lastSeq: 0, count: 3 }]);
  await claim([{ conversationId: 'a', lastSeq: 3, count: 1 }]);
  assert.equal(reseeds, 0);
});

test('a counter that forgot, or ran ahead, is set from the timeline; the others are left alone', async () => {
  const sequencer = createMemorySequencer();
  let reseeds = 0;
  const claim = createClaimSeqs(sequencer, (count) => {
    reseeds += count;
  });
  await sequencer.take([{ conversationId: 'ahead', count: 50 }]);
  await claim([
    { conversationId: 'forgot', lastSeq: 41, count: 2 },
    { conversationId: 'fine', lastSeq: 0, count: 2 },
    { conversationId: 'ahead', lastSeq: 7, count: 1 },
  ]);
  assert.equal(reseeds, 2);
  const next = await sequencer.take(
    ['forgot', 'fine', 'ahead'].map((conversationId) => ({ conversationId, count: 1 })),
  );
  assert.deepEqual(next, [44, 3, 9]);
});

test('where the numbers cannot be agreed upon nothing is claimed', async () => {
  const stubborn = { take: async () => [99], reset: async () => {} };
  const claim = createClaimSeqs(stubborn, () => {});
  await assert.rejects(claim([{ conversationId: 'a', lastSeq: 0, count: 1 }]), StoreConflict);
});
