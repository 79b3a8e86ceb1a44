import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Sequencer } from '../../src/ports/sequencer.ts';
import { range } from './samples.ts';

export interface SequencerFixture extends AsyncDisposable {
  sequencer: Sequencer;
}

/** What every sequencer does while it does not forget. `open` gives one without counters. */
export function sequencerContract(name: string, open: () => Promise<SequencerFixture>): void {
  describe(`sequencer contract: ${name}`, () => {
    test('an unknown counter begins at 1', async () => {
      await using fixture = await open();
      assert.deepEqual(await fixture.sequencer.take([{ conversationId: 'a', count: 3 }]), [1]);
    });

    test('numbers follow those taken before, apart for each conversation', async () => {
      await using fixture = await open();
      const { sequencer } = fixture;
      await sequencer.take([{ conversationId: 'a', count: 3 }]);
      const firsts = await sequencer.take([
        { conversationId: 'b', count: 2 },
        { conversationId: 'a', count: 5 },
        { conversationId: 'c', count: 1 },
      ]);
      assert.deepEqual(firsts, [1, 4, 1]);
      const next = ['a', 'b', 'c'].map((conversationId) => ({ conversationId, count: 1 }));
      assert.deepEqual(await sequencer.take(next), [9, 3, 2]);
    });

    test('a reset counter goes on after the head, whether it was behind or ahead', async () => {
      await using fixture = await open();
      const { sequencer } = fixture;
      await sequencer.take([{ conversationId: 'ahead', count: 100 }]);
      await sequencer.reset([
        { conversationId: 'ahead', lastSeq: 7 },
        { conversationId: 'unknown', lastSeq: 41 },
        { conversationId: 'empty', lastSeq: 0 },
      ]);
      const wants = ['ahead', 'unknown', 'empty'].map((conversationId) => ({ conversationId, count: 1 }));
      assert.deepEqual(await sequencer.take(wants), [8, 42, 1]);
    });

    test('calls at the same time take different numbers', async () => {
      await using fixture = await open();
      const taken = await Promise.all(
        range(1, 50).map(() => fixture.sequencer.take([{ conversationId: 'a', count: 2 }])),
      );
      const firsts = taken.flat().sort((a, b) => a - b);
      assert.deepEqual(
        firsts,
        range(0, 49).map((i) => 2 * i + 1),
      );
    });
  });
}
